package bce

// Regions are the regions that Baidu documents for the HaVIP API: bj to cd are in its table of service
// endpoints as of 2025-10-30, sin and fsh on older pages. Baidu adds regions; use the list only to suggest
// spellings, not to refuse others.
func Regions() []string {
	return []string{"bj", "bd", "gz", "su", "hkg", "fwh", "cd", "sin", "fsh"}
}
