/** Version of the wire protocol. A test holds the hash of the schemas against it. */
export const protocolVersion = 1;
