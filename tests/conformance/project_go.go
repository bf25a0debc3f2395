// A program that reports its usage by the CloudEvents SDK for Go, and one that takes API keys by Zitadel's resource server. Run by project_go.py.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/zitadel/oidc/v3/pkg/client/rs"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

var url, token = os.Getenv("GRAVITY_PROJECT_URL"), os.Getenv("GRAVITY_TOKEN")

func must(err error) {
	if err != nil {
		panic(err)
	}
}

type signedIn struct{}

func (signedIn) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", "Bearer "+token)
	return http.DefaultTransport.RoundTrip(request)
}

func usage(id, kind string) event.Event {
	usage := cloudevents.NewEvent()
	usage.SetID(id)
	usage.SetSource("example/uri")
	usage.SetType(kind)
	usage.SetSubject("Grün €")
	usage.SetTime(time.Now())
	// each type of attribute that there is
	usage.SetExtension("anint", int32(-7))
	usage.SetExtension("abool", true)
	usage.SetExtension("sometext", "a%b \"c\" €")
	usage.SetExtension("somebytes", []byte{0, 1, 255})
	usage.SetExtension("atime", time.Now())
	return usage
}

func with(usage event.Event, contentType string, data any) event.Event {
	must(usage.SetData(contentType, data))
	return usage
}

func emit() map[string]int {
	protocol, err := cloudevents.NewHTTP(cehttp.WithTarget(url+"/openmeter/api/v1/events"), cehttp.WithRoundTripper(signedIn{}))
	must(err)
	client, err := cloudevents.NewClient(protocol)
	must(err)
	statuses := map[string]int{}
	send := func(what string, ctx context.Context, usage event.Event) {
		var told *cehttp.Result
		if !cloudevents.ResultAs(client.Send(ctx, usage), &told) {
			panic(what)
		}
		statuses[what] = told.StatusCode
	}
	binary, structured := cloudevents.WithEncodingBinary(context.Background()), cloudevents.WithEncodingStructured(context.Background())
	tokens, text := map[string]float64{"tokens": 1}, []byte(`{"tokens":10}`)
	send("binary", binary, with(usage("one", "prompt"), cloudevents.ApplicationJSON, tokens))
	send("the same, structured", structured, with(usage("one", "prompt"), cloudevents.ApplicationJSON, tokens))
	send("structured", structured, with(usage("two", "prompt"), cloudevents.ApplicationJSON, tokens))
	send("a text, binary", binary, with(usage("three", "prompt"), cloudevents.ApplicationJSON, text))
	send("a text, structured", structured, with(usage("four", "prompt"), cloudevents.ApplicationJSON, text)) // in data_base64
	share := 0.1
	send("a double", structured, with(usage("five", "prompt"), cloudevents.ApplicationJSON, map[string]float64{"tokens": share + 0.2}))
	send("no data, binary", binary, usage("six", "ping"))
	send("no data, structured", structured, usage("seven", "ping"))
	send("other data, binary", binary, with(usage("eight", "ping"), cloudevents.ApplicationXML, []byte("<a/>")))
	send("other data, structured", structured, with(usage("nine", "ping"), cloudevents.TextPlain, "hello"))
	send("other data where JSON is read", binary, with(usage("ten", "prompt"), cloudevents.TextPlain, "hello"))

	batch := []event.Event{with(usage("eleven", "prompt"), cloudevents.ApplicationJSON, text), usage("six", "ping"), usage("twelve", "ping")}
	request, err := cehttp.NewHTTPRequestFromEvents(context.Background(), url+"/openmeter/api/v1/events", batch)
	must(err)
	answer, err := (&http.Client{Transport: signedIn{}}).Do(request)
	must(err)
	answer.Body.Close()
	statuses["a batch"] = answer.StatusCode
	return statuses
}

func takeKeys(keys []string) []*oidc.IntrospectionResponse {
	server, err := rs.NewResourceServerClientCredentials(context.Background(), url, "unused", "unused",
		rs.WithStaticEndpoints(url+"/unused", url+"/api/v1/api-keys/introspect"), rs.WithClient(&http.Client{Transport: signedIn{}}))
	must(err)
	told := []*oidc.IntrospectionResponse{}
	for _, key := range keys {
		response, err := rs.Introspect[*oidc.IntrospectionResponse](context.Background(), server, key)
		must(err)
		told = append(told, response)
	}
	return told
}

func main() {
	learnt, err := json.Marshal(map[string]any{"statuses": emit(), "keys": takeKeys(os.Args[1:])})
	must(err)
	fmt.Println(string(learnt))
}
