// A relying party as Go programs are: golang.org/x/oauth2 with github.com/coreos/go-oidc. A browser that comes to /start is sent to sign in, and is told at /callback
// what the application learnt. Run by auth_go_oidc.py.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

type attempt struct{ nonce, verifier string }

type app struct {
	provider *oidc.Provider
	config   oauth2.Config
	open     map[string]attempt
}

func random() string {
	bytes := make([]byte, 16)
	if _, err := rand.Read(bytes); err != nil {
		panic(err)
	}
	return hex.EncodeToString(bytes)
}

func (a *app) start(w http.ResponseWriter, r *http.Request) {
	state, begun := random(), attempt{random(), oauth2.GenerateVerifier()}
	a.open[state] = begun
	http.Redirect(w, r, a.config.AuthCodeURL(state, oidc.Nonce(begun.nonce), oauth2.S256ChallengeOption(begun.verifier), oauth2.AccessTypeOffline), http.StatusFound)
}

func (a *app) callback(w http.ResponseWriter, r *http.Request) {
	learnt, err := a.learn(r.Context(), r.URL.Query().Get("state"), r.URL.Query().Get("code"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(learnt)
}

func (a *app) learn(ctx context.Context, state, code string) (map[string]any, error) {
	begun, known := a.open[state]
	if !known {
		return nil, fmt.Errorf("not asked for")
	}
	delete(a.open, state)
	token, err := a.config.Exchange(ctx, code, oauth2.VerifierOption(begun.verifier))
	if err != nil {
		return nil, fmt.Errorf("code: %w", err)
	}
	if _, err = a.config.Exchange(ctx, "gac_another", oauth2.VerifierOption(begun.verifier)); err == nil {
		return nil, fmt.Errorf("a code that nobody gave was taken")
	}
	claims, err := a.verified(ctx, token, begun.nonce)
	if err != nil {
		return nil, err
	}
	told, err := a.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, fmt.Errorf("userinfo: %w", err)
	}
	token.Expiry = time.Now().Add(-time.Minute) // so that it is refreshed
	next, err := a.config.TokenSource(ctx, token).Token()
	if err != nil {
		return nil, fmt.Errorf("refresh: %w", err)
	}
	again, err := a.verified(ctx, next, "")
	if err != nil {
		return nil, fmt.Errorf("refreshed: %w", err)
	}
	return map[string]any{"claims": claims, "subject": told.Subject, "email": told.Email, "refreshed": again["sub"], "rotated": next.RefreshToken != token.RefreshToken}, nil
}

func (a *app) verified(ctx context.Context, token *oauth2.Token, nonce string) (map[string]any, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, fmt.Errorf("no ID token")
	}
	if _, err := a.provider.Verifier(&oidc.Config{ClientID: "another"}).Verify(ctx, raw); err == nil {
		return nil, fmt.Errorf("it is for everybody")
	}
	id, err := a.provider.Verifier(&oidc.Config{ClientID: a.config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("ID token: %w", err)
	}
	if id.Nonce != nonce {
		return nil, fmt.Errorf("nonce is %q", id.Nonce)
	}
	if err = id.VerifyAccessToken(token.AccessToken); err != nil {
		return nil, fmt.Errorf("at_hash: %w", err)
	}
	claims := map[string]any{}
	return claims, id.Claims(&claims)
}

func main() {
	provider, err := oidc.NewProvider(context.Background(), os.Getenv("GRAVITY_ISSUER"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	here := os.Getenv("GRAVITY_APP")
	a := app{provider, oauth2.Config{ClientID: os.Getenv("GRAVITY_CLIENT"), ClientSecret: os.Getenv("GRAVITY_SECRET"), Endpoint: provider.Endpoint(),
		RedirectURL: "http://" + here + "/callback", Scopes: []string{oidc.ScopeOpenID, "email"}}, map[string]attempt{}}
	http.HandleFunc("/start", a.start)
	http.HandleFunc("/callback", a.callback)
	fmt.Fprintln(os.Stderr, http.ListenAndServe(here, nil))
}
