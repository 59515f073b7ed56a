/** Tries of a connection request: enough for a CPE that throttles, or is in the last moment of a session. */
export const PATIENT_TRIES = 4;
export const CONNECTION_REQUEST_RETRY_MS = 700;
