#!/bin/sh
# Everything that can be known of the deployment without a project: format, references, tests, the plans of both
# examples, the rules of policy.py, checkov, and that README.md says what the code does.
#
# Works on a copy, so that no lock file, state or archive is left here. TF_CLI_CONFIG_FILE may name a mirror of the
# registry, and CHECKOV a checkov that is not on the PATH.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
checkov=${CHECKOV:-checkov}

"$python" "$root/terraform/generate_readme.py" --check

if ! command -v terraform >/dev/null; then
    echo 'skipped: terraform is not installed (1.11 or later), so the deployment was not checked' >&2
    exit 0
fi

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar -C "$root" --exclude=.terraform --exclude=.terraform.lock.hcl --exclude=terraform/build --exclude='*.tfstate*' \
    --exclude=terraform/terraform.tfvars --exclude='*.auto.tfvars' --exclude=__pycache__ \
    -cf - functions migrations schemas terraform | tar -C "$copy" -xf -
cd "$copy/terraform"
printf 'terraform {\n  backend "local" {}\n}\n' >backend_override.tf
export TF_IN_AUTOMATION=1 TF_INPUT=0

terraform fmt -check -diff -recursive
terraform init -no-color >init.log || { cat init.log >&2; exit 1; }
terraform validate -no-color
terraform test -no-color | tee test.log
# A run that was interrupted leaves out what remains, and may still end well.
grep -q '^Success! [0-9]* passed, 0 failed\.$' test.log
terraform providers schema -json >schemas.json
for example in smallest full; do
    terraform plan -no-color -compact-warnings -var-file="examples/$example.tfvars" -out="$example.plan" >plan.log ||
        { cat plan.log >&2; exit 1; }
    grep '^Plan:' plan.log
    terraform show -json "$example.plan" >"$example.json"
    "$python" policy.py "$example.json" schemas.json
done

if command -v "$checkov" >/dev/null; then
    "$checkov" --directory "$root/terraform" --config-file "$root/terraform/.checkov.yaml"
else
    echo 'skipped: checkov is not installed: pip install --require-hashes -r terraform/requirements-checkov.txt' >&2
fi
