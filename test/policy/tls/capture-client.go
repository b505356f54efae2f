// Says hello to an address as Go's TLS does: `go run capture-client.go ADDRESS [ech]`.
package main

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"os"
)

func main() {
	config := &tls.Config{ServerName: "a.example", NextProtos: []string{"h2", "http/1.1"}}
	if len(os.Args) > 2 {
		config.MinVersion = tls.VersionTLS13
		config.EncryptedClientHelloConfigList = echConfigs("public.example")
	}
	connection, err := tls.Dial("tcp", os.Args[1], config)
	if err == nil {
		connection.Close()
	}
}

// An ECHConfigList (RFC 9849, section 4) with a key that nobody has.
func echConfigs(publicName string) []byte {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	contents := []byte{1, 0x00, 0x20}
	contents = vector(contents, key.PublicKey().Bytes())
	contents = vector(contents, []byte{0, 1, 0, 1})
	contents = append(contents, 0, byte(len(publicName)))
	contents = append(contents, publicName...)
	contents = vector(contents, nil)
	return vector(nil, vector([]byte{0xfe, 0x0d}, contents))
}

func vector(to, bytes []byte) []byte {
	return append(binary.BigEndian.AppendUint16(to, uint16(len(bytes))), bytes...)
}
