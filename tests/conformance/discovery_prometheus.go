// What a Prometheus server does with one entry of consul_sd_configs: its own reader of the configuration, its own discovery. Each set of targets that it finds
// is a line of JSON. Built and run by discovery_prometheus.py.
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	kitlog "github.com/go-kit/log"
	"github.com/prometheus/prometheus/discovery/consul"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"gopkg.in/yaml.v2"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var configuration consul.SDConfig
	if err := yaml.UnmarshalStrict(text, &configuration); err != nil {
		log.Fatal(err)
	}
	found, err := consul.NewDiscovery(&configuration, kitlog.NewLogfmtLogger(os.Stderr))
	if err != nil {
		log.Fatal(err)
	}
	groups := make(chan []*targetgroup.Group)
	go found.Run(context.Background(), groups)
	out := json.NewEncoder(os.Stdout)
	for update := range groups {
		for _, group := range update {
			line := map[string]interface{}{"source": group.Source, "labels": group.Labels, "targets": group.Targets}
			if err := out.Encode(line); err != nil {
				log.Fatal(err)
			}
		}
	}
}
