// Package havip is the client for Go programs that need HaVIPs. [OpenRedis] opens the Redis that the program shares with
// the workers; a [Client] enqueues items there, waits for them, and reads events and results.
//
//	rdb, err := havip.OpenRedis(ctx, os.Getenv("HAVIP_REDIS_URL"))
//	…
//	client := havip.NewClient(rdb, havip.WithRegion("bj"))
//	vip, err := client.Create(ctx, "automation", havip.Item{
//		Request: havip.Request{Name: "web-vip", SubnetID: "sbn-dk8gl9bc"},
//	})
//
// The directory examples has complete programs. Package tasks has the parts: the payload of a task, the Producer, and
// the Handler that workers run.
package havip
