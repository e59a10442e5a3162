package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	strictyaml "sigs.k8s.io/yaml"
)

// object is one that was decoded.
type object struct {
	kind schema.GroupVersionKind
	name string
}

func (o object) String() string {
	return fmt.Sprintf("%s %s %s", o.kind.GroupVersion(), o.kind.Kind, o.name)
}

// decoder decodes objects strictly.
type decoder struct {
	typed runtime.Decoder
	// definitions are the schemas of kinds without Go types.
	definitions map[schema.GroupVersionKind]*structural.Structural
}

func newDecoder() (*decoder, error) {
	types := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, monitoring.AddToScheme, apiextensionsv1.AddToScheme} {
		if err := add(types); err != nil {
			return nil, err
		}
	}
	return &decoder{
		typed:       serializer.NewCodecFactory(types, serializer.EnableStrict).UniversalDeserializer(),
		definitions: map[schema.GroupVersionKind]*structural.Structural{},
	}, nil
}

// decodeAll decodes the objects of a stream of YAML documents. It returns all that is wrong with them.
func (d *decoder) decodeAll(text []byte) ([]object, error) {
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	var objects []object
	var faults []error
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		o, err := d.decode(document)
		switch {
		case err != nil:
			faults = append(faults, err)
		case o != object{}:
			objects = append(objects, o)
		}
	}
	if len(objects) == 0 && len(faults) == 0 {
		faults = append(faults, errors.New("there is no object"))
	}
	return objects, errors.Join(faults...)
}

// decode returns nothing for a document without content.
func (d *decoder) decode(document []byte) (object, error) {
	var content map[string]any
	if err := strictyaml.UnmarshalStrict(document, &content); err != nil || len(content) == 0 {
		return object{}, err
	}
	apiVersion, _ := content["apiVersion"].(string)
	kind, _ := content["kind"].(string)
	described := schema.FromAPIVersionAndKind(apiVersion, kind)
	if s, ok := d.definitions[described]; ok {
		return custom(described, content, s)
	}
	decoded, gvk, err := d.typed.Decode(document, nil, nil)
	if err != nil {
		return object{}, err
	}
	accessor, err := meta.Accessor(decoded)
	if err != nil {
		return object{}, err
	}
	return object{kind: *gvk, name: accessor.GetName()}, nil
}

// custom refuses fields that the schema does not have; the server validates their values.
func custom(kind schema.GroupVersionKind, content map[string]any, s *structural.Structural) (object, error) {
	metadata, _ := content["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	o := object{kind: kind, name: name}
	unknown := pruning.PruneWithOptions(content, s, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	if len(unknown) > 0 {
		return o, fmt.Errorf("%s: unknown field %s", o, strings.Join(unknown, ", "))
	}
	return o, nil
}

// addDefinition reads a CustomResourceDefinition.
func (d *decoder) addDefinition(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var definition apiextensionsv1.CustomResourceDefinition
	if err := strictyaml.Unmarshal(text, &definition); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, version := range definition.Spec.Versions {
		var internal apiextensions.JSONSchemaProps
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, &internal, nil); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		s, err := structural.NewStructural(&internal)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		kind := schema.GroupVersionKind{Group: definition.Spec.Group, Version: version.Name, Kind: definition.Spec.Names.Kind}
		d.definitions[kind] = s
	}
	return nil
}
