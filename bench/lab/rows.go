package lab

import (
	"bufio"
	"fmt"
	"io"
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
	return s.write(batch, "key,name,subnetId,description\n", n, func(w io.Writer, i int) {
		item := Item(i)
		fmt.Fprintf(w, "%s,%s,%s,%s\n", item.Key, item.Request.Name, item.Request.SubnetID, item.Request.Description)
	})
}

// FullRows is Rows with an address and a token in each row: that no two are the same is to be found out.
func (s *Site) FullRows(batch string, n int) (string, error) {
	return s.write(batch, "key,name,subnetId,privateIpAddress,clientToken\n", n, func(w io.Writer, i int) {
		item := Item(i)
		fmt.Fprintf(w, "%s,%s,%s,10.%d.%d.%d,token-of-%07d\n", item.Key, item.Request.Name, item.Request.SubnetID, i>>16, i>>8&0xff, i&0xff, i)
	})
}

// AddressedRows is Rows with the address of [Addressed], so that they can be processed with one call each.
func (s *Site) AddressedRows(batch string, n int) (string, error) {
	return s.write(batch, "key,name,subnetId,privateIpAddress\n", n, func(w io.Writer, i int) {
		r := Addressed(i)
		fmt.Fprintf(w, "%s,%s,%s,%s\n", Item(i).Key, r.Name, r.SubnetID, r.PrivateIPAddress)
	})
}

func (s *Site) write(batch, head string, n int, row func(w io.Writer, i int)) (string, error) {
	path := s.Path(batch + ".csv")
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(file)
	_, _ = w.WriteString(head) // Flush tells
	for i := range n {
		row(w, i)
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return path, file.Close()
}
