/** What lies beside the files, so that nobody needs us to check them. */
export const WORM_README = `Audit rows of mcp-auditd, written once.

segments/LOG-PARTITION/NUMBER.rows.gz   rows of one segment, a JSON array a line, by position
segments/LOG-PARTITION/NUMBER.json      its manifest: hashes of the rows, chained to the manifest before, signed
tombstones/ID.json                      signed leave for rows to be gone
keys/KEYID.pem                          public keys; compare them with copies from another place

With mcp-auditd:    mcp-auditd verify --worm THIS_FOLDER [--key PUBLIC_KEYS.pem]

By hand:
1. A row: SHA-256 of the line without its line end; the first 16 bytes, in the order of the lines, are the elements of rowHashes
   (base64, 1,024 rows an element). Positions without a line have a tombstone, or are copies of a row with the same identityHashes entry.
2. positions: base64 of numbers of seven bits a byte, lowest first, the top bit set on all bytes but the last; three numbers a run: step
   of the offset, first index, rows. The last two values of a line are its offset and index.
3. contentHash: SHA-256 of the JSON text [positions,rowHashes,identityHashes] without blanks.
4. hash: SHA-256 of signedText, which holds every field of the manifest. previous: hash of the manifest with the number below.
5. The signature, over signedText, with OpenSSL 3:
     jq -j .signedText NUMBER.json > text; jq -r .signature NUMBER.json | base64 -d > signature
     openssl pkeyutl -verify -pubin -inkey ../../keys/KEYID.pem -rawin -in text -sigfile signature
6. A key id is the first 32 hex digits of the SHA-256 of the key in DER:
     openssl pkey -pubin -in KEYID.pem -outform DER | sha256sum
What is missing at the end of a chain cannot be seen here: compare the highest number with the auditd.checkpoint events elsewhere.
`
