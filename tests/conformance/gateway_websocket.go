package websocket

// Added to the tests of github.com/gorilla/websocket by gateway_websocket.py: their servers are reached through the gateway, and both ends of that
// package talk through it in ways that their own tests do with pipes.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

const patience = 60 * time.Second

// throughDoor leads the gateway to the server of this URL, and returns the URL that the server has there.
func throughDoor(t *testing.T, server string) string {
	t.Helper()
	parsed, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	rule := map[string]any{"backendRefs": []any{map[string]any{"name": parsed.Hostname(), "port": json.Number(parsed.Port())}}}
	document, err := json.Marshal(map[string]any{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": map[string]any{"name": "suite"},
		"spec": map[string]any{"rules": []any{rule}}})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPut, os.Getenv("DOOR_ADMIN")+"/api/v1/gateway/routes/suite", bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+os.Getenv("DOOR_TOKEN"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if said, _ := io.ReadAll(answer.Body); answer.StatusCode/100 != 2 {
		t.Fatalf("the route was answered %d %s", answer.StatusCode, said)
	}
	parsed.Host = os.Getenv("DOOR")
	return parsed.String()
}

// between runs one end as a server and returns the other, which came to it through the gateway.
func between(t *testing.T, compress bool, serve func(*Conn)) *Conn {
	t.Helper()
	var wait sync.WaitGroup
	wait.Add(1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer wait.Done()
		upgrader := Upgrader{EnableCompression: compress, ReadBufferSize: 512, WriteBufferSize: 512}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Errorf("Upgrade: %v", err)
			return
		}
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(patience))
		conn.EnableWriteCompression(compress)
		serve(conn)
	}))
	dialer := Dialer{EnableCompression: compress, ReadBufferSize: 512, WriteBufferSize: 512}
	conn, answer, err := dialer.Dial(makeWsProto(throughDoor(t, server.URL)), nil)
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	if got := strings.Contains(answer.Header.Get("Sec-Websocket-Extensions"), "permessage-deflate"); got != compress {
		t.Errorf("compression agreed upon: %v, want %v", got, compress)
	}
	conn.SetReadDeadline(time.Now().Add(patience))
	conn.EnableWriteCompression(compress)
	t.Cleanup(func() {
		conn.Close()
		wait.Wait()
		server.Close()
	})
	return conn
}

func echo(conn *Conn) {
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil || conn.WriteMessage(kind, message) != nil {
			return
		}
	}
}

// Frames of every form of length, longer than any buffer on the way, in pieces of 512 bytes.
func TestDoorMessages(t *testing.T) {
	for _, compress := range []bool{false, true} {
		conn := between(t, compress, echo)
		for _, size := range []int{0, 1, 125, 126, 127, 511, 512, 513, 16383, 16384, 16385, 65535, 65536, 65537, 1 << 20} {
			for _, kind := range []int{TextMessage, BinaryMessage} {
				message := bytes.Repeat([]byte("gravity."), size/8+1)[:size]
				if err := conn.WriteMessage(kind, message); err != nil {
					t.Fatalf("%d bytes: %v", size, err)
				}
				gotKind, got, err := conn.ReadMessage()
				if err != nil || gotKind != kind || !bytes.Equal(got, message) {
					t.Fatalf("%d bytes, compressed %v: %v, kind %d, %d bytes back", size, compress, err, gotKind, len(got))
				}
			}
		}
	}
}

// Both ends send without waiting for each other.
func TestDoorBothWaysAtOnce(t *testing.T) {
	const count = 5000
	send := func(conn *Conn, from string) error {
		for i := 0; i < count; i++ {
			if err := conn.WriteMessage(TextMessage, []byte(fmt.Sprintf("%s %d", from, i))); err != nil {
				return err
			}
		}
		return nil
	}
	receive := func(conn *Conn, from string) error {
		for i := 0; i < count; i++ {
			if _, message, err := conn.ReadMessage(); err != nil || string(message) != fmt.Sprintf("%s %d", from, i) {
				return fmt.Errorf("%d: %q %v", i, message, err)
			}
		}
		return nil
	}
	both := func(conn *Conn, own, other string) {
		sent := make(chan error, 1)
		go func() { sent <- send(conn, own) }()
		if err := receive(conn, other); err != nil {
			t.Error(err)
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
	}
	done := make(chan bool)
	conn := between(t, false, func(conn *Conn) {
		both(conn, "server", "client")
		close(done)
	})
	both(conn, "client", "server")
	<-done
}

func TestDoorPingsAndPongs(t *testing.T) {
	conn := between(t, false, func(conn *Conn) {
		conn.SetPongHandler(func(data string) error { return conn.WriteMessage(TextMessage, []byte("pong "+data)) })
		if err := conn.WriteControl(PingMessage, []byte("from the server"), time.Now().Add(patience)); err != nil {
			t.Error(err)
		}
		echo(conn)
	})
	pongs := ""
	conn.SetPongHandler(func(data string) error { pongs += data; return nil })
	if _, message, err := conn.ReadMessage(); err != nil || string(message) != "pong from the server" {
		t.Fatalf("%q %v", message, err)
	}
	longest := strings.Repeat("p", 125)
	if err := conn.WriteControl(PingMessage, []byte(longest), time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteMessage(TextMessage, []byte("after")); err != nil {
		t.Fatal(err)
	}
	if _, message, err := conn.ReadMessage(); err != nil || string(message) != "after" || pongs != longest {
		t.Fatalf("%q %v, pongs %q", message, err, pongs)
	}
}

// How one end closes is how the other sees it, with code and reason; an end without a word is one, too.
func TestDoorCloses(t *testing.T) {
	for _, code := range []int{CloseNormalClosure, CloseGoingAway, CloseProtocolError, ClosePolicyViolation, CloseMessageTooBig, 4000, 4999} {
		for _, byServer := range []bool{true, false} {
			reason := fmt.Sprintf("because of %d", code)
			say := func(conn *Conn) {
				if err := conn.WriteControl(CloseMessage, FormatCloseMessage(code, reason), time.Now().Add(patience)); err != nil {
					t.Error(err)
				}
			}
			hear := func(conn *Conn, who string, wanted string) {
				_, _, err := conn.ReadMessage()
				var closed *CloseError
				if !errors.As(err, &closed) || closed.Code != code || closed.Text != wanted {
					t.Errorf("%s, %d: %v", who, code, err)
				}
			}
			heard := make(chan bool)
			conn := between(t, false, func(conn *Conn) {
				if byServer {
					say(conn)
					hear(conn, "the server, of the answer", "")
				} else {
					hear(conn, "the server", reason)
				}
				close(heard)
			})
			if byServer {
				hear(conn, "the client", reason)
			} else {
				say(conn)
				hear(conn, "the client, of the answer", "")
			}
			<-heard
		}
	}
	conn := between(t, false, func(conn *Conn) { conn.NetConn().Close() })
	if _, _, err := conn.ReadMessage(); !IsCloseError(err, CloseAbnormalClosure) {
		t.Errorf("a server that is gone: %v", err)
	}
	gone := make(chan error)
	conn = between(t, false, func(conn *Conn) {
		_, _, err := conn.ReadMessage()
		gone <- err
	})
	conn.NetConn().Close()
	if err := <-gone; !IsCloseError(err, CloseAbnormalClosure) {
		t.Errorf("a client that is gone: %v", err)
	}
}

func TestDoorManyAtOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := Upgrader{}
		if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
			echo(conn)
			conn.Close()
		}
	}))
	defer server.Close()
	door := makeWsProto(throughDoor(t, server.URL))
	var wait sync.WaitGroup
	for i := 0; i < 64; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			conn, _, err := DefaultDialer.Dial(door, nil)
			if err != nil {
				t.Errorf("%d: %v", i, err)
				return
			}
			defer conn.Close()
			conn.SetReadDeadline(time.Now().Add(patience))
			for n := 0; n < 100; n++ {
				message := fmt.Sprintf("%d of %d", n, i)
				if err := conn.WriteMessage(TextMessage, []byte(message)); err != nil {
					t.Errorf("%d: %v", i, err)
					return
				}
				if _, got, err := conn.ReadMessage(); err != nil || string(got) != message {
					t.Errorf("%d: %q %v", i, got, err)
					return
				}
			}
		}(i)
	}
	wait.Wait()
}
