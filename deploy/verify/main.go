// Command verify decodes Kubernetes objects strictly: an unknown kind, an unknown or repeated field, or a value of the wrong type
// is an error. It prints a line for each object.
//
//	verify [-crd FILE]... FILE|DIRECTORY|-...
//
// A file, or standard input (-), has any number of objects. A directory is built by kustomize. The Go types of Kubernetes and of
// the Prometheus Operator describe the objects; those of another origin need the file of their CustomResourceDefinition.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader, stdout io.Writer) error {
	decoder, err := newDecoder()
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	flags.Func("crd", "`file` of a CustomResourceDefinition; may be repeated", decoder.addDefinition)
	if err := flags.Parse(args); err != nil {
		return err
	}
	for _, path := range flags.Args() {
		text, err := read(path, stdin)
		if err != nil {
			return err
		}
		objects, err := decoder.decodeAll(text)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, o := range objects {
			if _, err := fmt.Fprintln(stdout, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// read returns the objects of a file, of standard input or of a kustomization.
func read(path string, stdin io.Reader) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(stdin)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return os.ReadFile(path)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), path)
	if err != nil {
		return nil, err
	}
	return built.AsYaml()
}
