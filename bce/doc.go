// Package bce is a signed client for the HaVIP API of Baidu AI Cloud (BCE).
//
// # One call is one attempt
//
// Every method of [Client] sends at most one request and retries nothing: the caller decides
// whether and when to retry and under which ClientToken, because only the caller knows the
// earlier attempts. Each attempt has a signature of its own, which expires a minute after its
// deadline, so that BCE refuses a request that arrives after the caller has timed out. Bodies
// cannot be rewound, so that net/http cannot resend a request.
//
// # What an error proves
//
// Every error of a call is an [*Error]. Two of its fields decide what may follow:
//
//   - [Error.Kind] says how far the call got: refused locally, no connection, a broken
//     connection, an unreadable answer, or a definite answer with a code.
//   - [Error.Sent] says whether a byte of the request was written to the connection. False
//     proves that BCE did not act. True, which also covers "unknown", proves nothing: without
//     an answer the outcome is unknown, and a create may only be repeated under the same
//     ClientToken.
//
// Success is never assumed. A create succeeded if the answer has a haVipId, a list if it has the
// array of HaVIPs; everything else is an error with the status, code, message and request ID.
//
// # ClientToken
//
// BCE answers a create under a used token with the first result, for 24 hours after the token's
// last use, if all other parameters are the same. [Client.CreateHaVIPBody] therefore takes the
// exact bytes to send.
//
// # Credentials
//
// [Credentials] come from a [Provider], which is called for every request, so that a rotated key
// takes effect. They cannot be printed: fmt, JSON and slog show only the beginning of the access
// key ID, of the value itself and of everything that contains it.
//
// # Signing
//
// [Signer] implements bce-auth-v1, one function per step of the specification
// (https://cloud.baidu.com/doc/Reference/s/njwvz1yfu), with time as an input.
package bce
