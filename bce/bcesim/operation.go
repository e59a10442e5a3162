package bcesim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Operation is one of the API's calls, by the name used in faults, limits and logs.
type Operation string

// The operations of the API, and two other names.
const (
	Create         Operation = "create"
	List           Operation = "list"
	Get            Operation = "get"
	Update         Operation = "update"
	Delete         Operation = "delete"
	Attach         Operation = "attach"
	Detach         Operation = "detach"
	BindPublicIP   Operation = "bindPublicIp"
	UnbindPublicIP Operation = "unbindPublicIp"
	GetSubnet      Operation = "getSubnet"
	PrivateIPInfo  Operation = "privateIpAddressInfo"
	// AssumeRole is the security token service's; see [Server.assumeRole].
	AssumeRole Operation = "assumeRole"

	// AnyOperation means all operations, in faults and limits.
	AnyOperation Operation = "*"
	// Unrouted is the log's operation for a request to an unknown path or method.
	Unrouted Operation = ""
)

// Operations returns every operation of the API, in the order of its documentation.
func Operations() []Operation {
	return []Operation{
		Create, List, Get, Update, Delete, Attach, Detach, BindPublicIP, UnbindPublicIP, GetSubnet, PrivateIPInfo, AssumeRole,
	}
}

func (op Operation) known() bool { return slices.Contains(Operations(), op) }

// mutates says whether the operation takes a clientToken.
func (op Operation) mutates() bool {
	switch op {
	case List, Get, GetSubnet, PrivateIPInfo, AssumeRole, Unrouted:
		return false
	default:
		return true
	}
}

// modifiers are the flags in the query that tell one PUT from another.
var modifiers = map[string]Operation{
	"modifyAttribute": Update,
	"attach":          Attach,
	"detach":          Detach,
	"bindPublicIp":    BindPublicIP,
	"unbindPublicIp":  UnbindPublicIP,
}

// route finds a request's operation and the object in its path.
func route(method, path string, query url.Values) (op Operation, target string, refusal *Error) {
	version, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if version != "v1" {
		if len(version) > 1 && version[0] == 'v' {
			return Unrouted, "", refuseWith(http.StatusNotFound, CodeInvalidVersion, "there is no version %q", version)
		}
		return Unrouted, "", refuse(CodeInvalidURI, "no resource at %q", path)
	}
	switch parts := strings.Split(rest, "/"); {
	case len(parts) == 1 && parts[0] == "havip":
		op = map[string]Operation{http.MethodPost: Create, http.MethodGet: List}[method]
	case len(parts) == 2 && parts[0] == "havip" && parts[1] != "":
		target = parts[1]
		op, refusal = routeHaVIP(method, query)
	case len(parts) == 2 && parts[0] == "subnet" && parts[1] != "":
		target = parts[1]
		op = map[string]Operation{http.MethodGet: GetSubnet}[method]
	case len(parts) == 3 && parts[0] == "vpc" && parts[1] != "" && parts[2] == "privateIpAddressInfo":
		target = parts[1]
		op = map[string]Operation{http.MethodGet: PrivateIPInfo}[method]
	case len(parts) == 1 && parts[0] == "credential" && query.Has("assumeRole"):
		op = map[string]Operation{http.MethodPost: AssumeRole}[method]
	default:
		return Unrouted, "", refuse(CodeInvalidURI, "no resource at %q", path)
	}
	if op == Unrouted && refusal == nil {
		refusal = refuse(CodeInvalidHTTPRequest, "%s is not supported at %q", method, path)
	}
	return op, target, refusal
}

// routeHaVIP finds the operation on one HaVIP; a PUT must have exactly one modifier.
func routeHaVIP(method string, query url.Values) (Operation, *Error) {
	switch method {
	case http.MethodGet:
		return Get, nil
	case http.MethodDelete:
		return Delete, nil
	case http.MethodPut:
		var found []Operation
		for name, op := range modifiers {
			if query.Has(name) {
				found = append(found, op)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		return Unrouted, refuse(CodeInvalidHTTPRequest,
			"a PUT takes exactly one of modifyAttribute, attach, detach, bindPublicIp and unbindPublicIp")
	}
	return Unrouted, nil
}
