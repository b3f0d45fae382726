// Reads notes, proofs and tile names as JSON from standard input and checks them with golang.org/x/mod, the
// implementation that the Go module system rests on. Prints what it counted and one note of its own as JSON.
//
// Built in GOPATH mode against Debian's golang-golang-x-mod-dev; run by tests/it/interop_go.rs.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type input struct {
	Vkey  string
	Skey  string
	Notes []struct {
		Note string
		Text string
		Good bool
	}
	Inclusion []struct {
		Size, Index int64
		Root, Leaf  []byte
		Proof       [][]byte
		Good        bool
	}
	Consistency []struct {
		Old, New         int64
		OldRoot, NewRoot []byte
		Proof            [][]byte
		Good             bool
	}
	Tiles []struct {
		Level int
		Index int64
		Width int
		Path  string
	}
	Trees []struct {
		Entries int64
		Root    []byte
	}
	Text string
}

func hash(bytes []byte) (h tlog.Hash) {
	if copy(h[:], bytes) != tlog.HashSize {
		log.Fatalf("hash of %d bytes", len(bytes))
	}
	return h
}

func hashes(proof [][]byte) (list []tlog.Hash) {
	for _, bytes := range proof {
		list = append(list, hash(bytes))
	}
	return list
}

// The stored hashes of a tree, in memory.
type storage []tlog.Hash

func (s storage) ReadHashes(indexes []int64) (list []tlog.Hash, err error) {
	for _, index := range indexes {
		list = append(list, s[index])
	}
	return list, nil
}

// The entry number n is n in decimal.
func root(entries int64) tlog.Hash {
	var stored storage
	for n := int64(0); n < entries; n++ {
		more, err := tlog.StoredHashes(n, []byte(fmt.Sprint(n)), stored)
		if err != nil {
			log.Fatal(err)
		}
		stored = append(stored, more...)
	}
	tree, err := tlog.TreeHash(entries, stored)
	if err != nil {
		log.Fatal(err)
	}
	return tree
}

func main() {
	log.SetFlags(0)
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		log.Fatal(err)
	}
	verifier, err := note.NewVerifier(in.Vkey)
	if err != nil {
		log.Fatal(err)
	}
	known := note.VerifierList(verifier)
	for i, c := range in.Notes {
		opened, err := note.Open([]byte(c.Note), known)
		if (err == nil) != c.Good || c.Good && opened.Text != c.Text {
			log.Fatalf("note %d: expected good %v: %v", i, c.Good, err)
		}
	}
	for i, c := range in.Inclusion {
		err := tlog.CheckRecord(hashes(c.Proof), c.Size, hash(c.Root), c.Index, hash(c.Leaf))
		if (err == nil) != c.Good {
			log.Fatalf("inclusion %d: expected good %v: %v", i, c.Good, err)
		}
	}
	for i, c := range in.Consistency {
		err := tlog.CheckTree(hashes(c.Proof), c.New, hash(c.NewRoot), c.Old, hash(c.OldRoot))
		if (err == nil) != c.Good {
			log.Fatalf("consistency %d: expected good %v: %v", i, c.Good, err)
		}
	}
	for _, c := range in.Tiles {
		// Go's names carry the height of tiles, those of C2SP do not.
		path := tlog.Tile{H: 8, L: c.Level, N: c.Index, W: c.Width}.Path()
		if strings.Replace(path, "tile/8/", "tile/", 1) != c.Path {
			log.Fatalf("%s, expected %s", path, c.Path)
		}
	}
	for _, c := range in.Trees {
		if root(c.Entries) != hash(c.Root) {
			log.Fatalf("root of %d entries is not %s", c.Entries, base64.StdEncoding.EncodeToString(c.Root))
		}
	}
	signer, err := note.NewSigner(in.Skey)
	if err != nil {
		log.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: in.Text}, signer)
	if err != nil {
		log.Fatal(err)
	}
	cases := len(in.Notes) + len(in.Inclusion) + len(in.Consistency) + len(in.Tiles) + len(in.Trees)
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{"cases": cases, "note": string(signed)})
}
