/** A public key as the file that `openssl` and other instances read. */
export function toPemFile(fingerprint: string, pem: string): File {
  return new File([pem], `omega-key-${fingerprint.slice(0, 8)}.pem`, { type: 'application/x-pem-file' })
}
