#!/usr/bin/env bash
# Builds Kubernetes 1.20.2 into a folder: kube-apiserver, kube-controller-manager and kubectl, with Debian's etcd beside them
# and some of its own manifests. No site but the Debian mirror of this machine is asked for anything.
#
#   build.sh FOLDER
#
# Debian 12 builds only kubectl of its `kubernetes` source package, but the package carries the whole tree with all that it
# depends on. Takes about 13 minutes of processor time and 3 GB below FOLDER while it builds; 0.4 GB stay.
set -euo pipefail

folder=$(realpath "$1")
work=$folder/work
bin=$folder/bin
go_root=/usr/lib/go-1.19
# Debian's patched 1.0.2 of a library that the tree has in 1.0.1, which crashes under Go 1.18 and newer.
reflect2=/usr/share/gocode/src/github.com/modern-go/reflect2
release=1.20.2

stop() {
  printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
  exit 1
}

present() {
  [[ -x $go_root/bin/go && -d $reflect2 ]] &&
    command -v etcd >/dev/null && command -v dpkg-source >/dev/null && command -v xz >/dev/null
}

packages=(golang-1.19-go golang-github-modern-go-reflect2-dev etcd-server dpkg-dev xz-utils)
if ! present; then
  command -v apt-get >/dev/null ||
    stop 'Kubernetes is built with what Debian 12 packages, and this machine has no `apt-get`' \
      "run the tests on Debian 12, or against a cluster of your own, see CONTRIBUTING.md"
  ((EUID == 0)) ||
    stop 'some packages that Kubernetes is built with are missing' "run \`sudo apt-get install ${packages[*]}\`"
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "${packages[@]}" >/dev/null
  present || stop 'the packages that Kubernetes is built with do not bring what they should' 'this needs Debian 12'
fi

mkdir -p "$work" "$bin"
cd "$work"

# The machine may know no sources of packages; its mirror has them. Nothing of the machine's own lists is touched.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
[[ -n $mirror ]] || stop 'this machine has no mirror of Debian 12' 'add one to the sources of apt'
mkdir -p apt/lists/partial apt/cache/archives/partial
printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s bookworm main\n' "$mirror" >apt/sources.list
private=(-o "Dir::Etc::SourceList=$work/apt/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$work/apt/lists"
  -o "Dir::Cache=$work/apt/cache" -o APT::Sandbox::User=root)
apt-get "${private[@]}" -qq update
# apt checks the signature of the list, and dpkg-source the hashes of what the list names.
apt-get "${private[@]}" -qq source kubernetes
trees=("$work"/kubernetes-1.20*/)
tree=${trees[0]%/}
[[ $tree == *"really$release"* ]] ||
  stop "Debian's Kubernetes is \`$(basename "$tree")\`, expected $release" 'adapt tests/kubernetes/build.sh to it'

# The tree's module file is of a form that this Go does not take for a vendored build.
export GOPATH=$work/gopath GO111MODULE=off CGO_ENABLED=0 GOFLAGS='' PATH=$go_root/bin:$PATH
export GOCACHE=${GOCACHE:-$work/gocache}
mkdir -p "$GOPATH/src/k8s.io"
ln -sfn "$tree" "$GOPATH/src/k8s.io/kubernetes"
cd "$GOPATH/src/k8s.io/kubernetes"
rm -f vendor/github.com/modern-go/reflect2/*.{go,s}
cp "$reflect2"/*.go "$reflect2"/*.s vendor/github.com/modern-go/reflect2/

# The one generated file that the package does not carry.
generated=pkg/generated/openapi
if [[ ! -s $generated/zz_generated.openapi.go ]]; then
  go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  inputs=$(grep --recursive --files-with-matches --include='*.go' '+k8s:openapi-gen=' cmd pkg staging/src/k8s.io |
    grep -vE '/(code-generator|gengo|kube-openapi|sample-apiserver)/' |
    sed -e 's#^staging/src/#vendor/#' -e 's#/[^/]*$##' -e 's#^#k8s.io/kubernetes/#' | sort -u | paste -sd,)
  "$work/openapi-gen" --logtostderr --input-dirs "$inputs" --output-package "k8s.io/kubernetes/$generated" \
    --output-file-base zz_generated.openapi --go-header-file hack/boilerplate/boilerplate.generatego.txt \
    --report-filename "$work/violations.txt" --output-base "$GOPATH/src"
fi

stamp='-s -w'
for package in component-base client-go/pkg; do
  path=k8s.io/kubernetes/vendor/k8s.io/$package/version
  stamp+=" -X $path.gitVersion=v$release -X $path.gitMajor=1 -X $path.gitMinor=20 -X $path.gitTreeState=clean -X $path.gitCommit=debian"
done
for program in kube-apiserver kube-controller-manager kubectl; do
  go build -trimpath -ldflags "$stamp" -o "$bin/$program" "./cmd/$program"
done
"$bin/kube-apiserver" --version | grep -qF "v$release" || stop 'what was built says another version' 'look at the build above'
cp "$(command -v etcd)" "$bin/etcd"

# Manifests that Kubernetes' own people wrote, for tests that are not to be about what we wrote ourselves.
for set in test/e2e/testing-manifests/statefulset/{cassandra,nginx,zookeeper} test/e2e/testing-manifests/ingress/http \
  cluster/addons/{dns-horizontal-autoscaler,node-problem-detector}; do
  mkdir -p "$folder/manifests/${set##*/}"
  cp "$set"/*.yaml "$folder/manifests/${set##*/}/"
done

# Go writes its sources read-only.
chmod -R u+w "$work"
rm -rf "$work"
