/** Reason of the UNAVAILABLE that the client makes itself: nothing was heard from the server. Its metadata has the endpoint. */
export const UNREACHABLE = 'SERVER_UNREACHABLE';
