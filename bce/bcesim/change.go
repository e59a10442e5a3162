package bcesim

import (
	"net/http"
	"slices"
)

// maxInstances is how many servers or interfaces a HaVIP may be bound to.
const maxInstances = 5

// update changes name and description; an empty name, which Baidu's SDK sends when only the
// description is given, leaves the name as it is.
func (w *world) update(x *exchange) result {
	h, refusal := w.find(x.target)
	if refusal != nil {
		return refused(refusal)
	}
	f, refusal := parseFields(x.body, "name", "description")
	if refusal != nil {
		return refused(refusal)
	}
	name, refusal := f.text("name", false)
	if refusal != nil {
		return refused(refusal)
	}
	if name != "" {
		if refusal := checkName(name); refusal != nil {
			return refused(refusal)
		}
	}
	description, refusal := f.text("description", false)
	if refusal != nil {
		return refused(refusal)
	}
	if name != "" {
		h.name = name
	}
	if _, given := f["description"]; given {
		h.description = description
	}
	return done(h)
}

// delete deletes a HaVIP, which must not be bound.
func (w *world) delete(x *exchange) result {
	h, refusal := w.find(x.target)
	if refusal != nil {
		return refused(refusal)
	}
	if h.bound() {
		return refused(precondition("the HaVIP %s is bound; unbind it first", h.id))
	}
	w.remove(h)
	h.origin.DeletedAt = x.now.UTC()
	h.origin.DeletedBy = x.call.Number
	return done(h)
}

// attach binds instances. Bound ones stay as they are; the first one is the master.
func (w *world) attach(x *exchange) result {
	h, ids, kind, refusal := w.instanceRequest(x)
	if refusal != nil {
		return refused(refusal)
	}
	bound := slices.Clone(h.instances)
	for _, id := range ids {
		if !slices.ContainsFunc(bound, func(i instance) bool { return i.InstanceID == id }) {
			bound = append(bound, instance{InstanceID: id, InstanceType: kind})
		}
	}
	if len(bound) > maxInstances {
		return refused(refuseWith(http.StatusForbidden, CodeQuotaLimitExceeded,
			"the HaVIP %s would be bound to %d instances; at most %d are allowed", h.id, len(bound), maxInstances))
	}
	bound[0].Master = true
	h.instances = bound
	return done(h)
}

// detach unbinds instances, all of which must be bound.
func (w *world) detach(x *exchange) result {
	h, ids, kind, refusal := w.instanceRequest(x)
	if refusal != nil {
		return refused(refusal)
	}
	left := slices.Clone(h.instances)
	for _, id := range ids {
		i := slices.IndexFunc(left, func(i instance) bool { return i.InstanceID == id && i.InstanceType == kind })
		if i < 0 {
			return refused(w.options.Personality.notFound("bound "+kind, id))
		}
		left = slices.Delete(left, i, i+1)
	}
	if len(left) > 0 {
		left[0].Master = true
	}
	h.instances = left
	return done(h)
}

func (w *world) instanceRequest(x *exchange) (h *haVIP, ids []string, kind string, refusal *Error) {
	if h, refusal = w.find(x.target); refusal != nil {
		return nil, nil, "", refusal
	}
	f, refusal := parseFields(x.body, "instanceIds", "instanceType")
	if refusal != nil {
		return nil, nil, "", refusal
	}
	if ids, refusal = f.texts("instanceIds"); refusal != nil {
		return nil, nil, "", refusal
	}
	if len(ids) < 1 || len(ids) > maxInstances || slices.Contains(ids, "") {
		return nil, nil, "", refuse(CodeInappropriateJSON, "instanceIds must be 1 to %d IDs", maxInstances)
	}
	if kind, refusal = f.text("instanceType", true); refusal != nil {
		return nil, nil, "", refusal
	}
	if kind != "SERVER" && kind != "ENI" {
		return nil, nil, "", refuse(CodeInappropriateJSON, "instanceType %q is neither SERVER nor ENI", kind)
	}
	return h, ids, kind, nil
}

// bindPublicIP binds an EIP, which must not be bound to another HaVIP.
func (w *world) bindPublicIP(x *exchange) result {
	h, refusal := w.find(x.target)
	if refusal != nil {
		return refused(refusal)
	}
	f, refusal := parseFields(x.body, "publicIpAddress")
	if refusal != nil {
		return refused(refusal)
	}
	text, refusal := f.text("publicIpAddress", true)
	if refusal != nil {
		return refused(refusal)
	}
	if _, refusal := parseIPv4("publicIpAddress", text); refusal != nil {
		return refused(refusal)
	}
	switch {
	case h.publicIP != "":
		return refused(precondition("the HaVIP %s has the EIP %s", h.id, h.publicIP))
	case w.eips[text] != nil:
		return refused(precondition("the EIP %s is bound to %s", text, w.eips[text].id))
	}
	h.publicIP, w.eips[text] = text, h
	return done(h)
}

func (w *world) unbindPublicIP(x *exchange) result {
	h, refusal := w.find(x.target)
	if refusal != nil {
		return refused(refusal)
	}
	if h.publicIP == "" {
		return refused(precondition("the HaVIP %s has no EIP", h.id))
	}
	delete(w.eips, h.publicIP)
	h.publicIP = ""
	return done(h)
}

// precondition is a refusal because of the object's state. BCE's code for it is not documented;
// PreconditionFailed is the common error that fits.
func precondition(format string, args ...any) *Error {
	return refuseWith(http.StatusPreconditionFailed, CodePreconditionFailed, format, args...)
}
