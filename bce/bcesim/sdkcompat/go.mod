module havip/bce/bcesim/sdkcompat

go 1.26.0

require (
	github.com/baidubce/bce-sdk-go v0.9.277
	havip v0.0.0
)

replace havip => ../../..
