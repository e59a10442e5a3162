// Package havip is where a Go program begins that asks for HaVIPs: [OpenRedis] opens the Redis that it
// shares with the workers. What to do there is package tasks: [havip/tasks.Client] enqueues, waits, and
// reads events and results.
//
//	rdb, err := havip.OpenRedis(ctx, os.Getenv("HAVIP_REDIS_URL"))
//	…
//	client := tasks.NewClient(rdb, tasks.WithRegion("bj"))
//	vip, err := client.Create(ctx, "automation", tasks.Item{
//		Request: tasks.Request{Name: "web-vip", SubnetID: "sbn-dk8gl9bc"},
//	})
//
// The programs under examples do it in full.
package havip
