// Package bce is a signed client for the HaVIP API of Baidu AI Cloud (BCE).
//
// # One call is one attempt
//
// Every method of [Client] sends at most one request and retries nothing: whether to try
// again, when, and under which ClientToken is the caller's decision, for only the caller
// knows what earlier attempts may have done. Each attempt is signed anew, and its signature
// ends a minute after its deadline, so that BCE refuses a request that arrives when the
// caller has long given it up. net/http must not
// repeat a request behind our back either, so a request with a body is made in a way that
// it cannot be rewound.
//
// # What an error proves
//
// Every error of a call is an [*Error]. Two of its fields decide what may follow:
//
//   - [Error.Kind] says how far the call came: refused here, no connection, a connection
//     that broke, an answer that cannot be understood, or a definite answer with a code.
//   - [Error.Sent] says whether a byte of the request went onto the connection. False
//     proves that BCE cannot have acted. True proves nothing: without an answer the outcome
//     is unknown, and a create may only be repeated under the same ClientToken. Where it
//     cannot be known, Sent is true.
//
// A success is never assumed. A create is created when the answer names a haVipId; a list
// is read when it carries the array of HaVIPs; everything else is an error that keeps the
// status, code, message and request ID.
//
// # ClientToken
//
// BCE answers a create that carries a token it has seen with the first result, for 24 hours
// after it last saw the token, if every other parameter is the same. [Client.CreateHaVIPBody]
// therefore takes the exact bytes to send.
//
// # Credentials
//
// [Credentials] come from a [Provider], asked at each call, so that a rotated key is picked
// up. They cannot be printed: no verb of fmt, JSON or slog shows more than the beginning of
// the access key ID, on the value itself or on anything that holds it.
//
// # Signing
//
// [Signer] implements bce-auth-v1, one function per step of the specification
// (https://cloud.baidu.com/doc/Reference/s/njwvz1yfu), with time as an input.
package bce
