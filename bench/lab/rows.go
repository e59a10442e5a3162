package lab

import (
	"bufio"
	"fmt"
	"os"

	"havip/tasks"
)

// Item is the i-th of the items that every measurement is about.
func Item(i int) tasks.Item {
	return tasks.Item{
		Key: fmt.Sprintf("web-%07d", i),
		Request: tasks.Request{
			Name: fmt.Sprintf("web-vip-%07d", i), SubnetID: "sbn-dk8gl9bc", Description: fmt.Sprintf("row %d of the bench", i),
		},
	}.WithDefaults("bj")
}

// Rows writes a CSV file of n items, and returns its path; its batch is called by its name.
func (s *Site) Rows(batch string, n int) (string, error) {
	path := s.Path(batch + ".csv")
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "key,name,subnetId,privateIpAddress,description")
	for i := range n {
		item := Item(i)
		fmt.Fprintf(w, "%s,%s,%s,,%s\n", item.Key, item.Request.Name, item.Request.SubnetID, item.Request.Description)
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return path, file.Close()
}
