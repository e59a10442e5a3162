package bce

// Regions are the regions that Baidu documents for the HaVIP API: bj to cd stand in its table of service
// endpoints as of 2025-10-30, sin and fsh on older pages. Baidu adds regions: the list says what is likely
// misspelt, and not what can be called.
func Regions() []string {
	return []string{"bj", "bd", "gz", "su", "hkg", "fwh", "cd", "sin", "fsh"}
}
