#!/usr/bin/env bash
# The step of the action: runs `sealog model gate`, writes report, outputs and summary, and ends with the gate's status.
# What comes from the workflow is in variables, never in the text of a command.
set -uo pipefail

fail() {
  printf '%s\n' "sealog action: $1" >&2
  exit 2
}

sealog="${SEALOG:-}"
[ -n "$sealog" ] || sealog="$RUNNER_TEMP/sealog-target/release/sealog"
case "$MODEL" in
  -* | "") fail "model: name a path that does not begin with a dash" ;;
esac
work="$(mktemp -d "$RUNNER_TEMP/sealog-XXXXXX")" || fail "no directory for the report"

arguments=("$MODEL" "--manifest=$MANIFEST")
if [ -n "$PUBLIC_KEY" ] && [ -n "$MODEL_DIGEST" ]; then
  fail "public-key, model-digest: trust one of them"
elif [ -n "$PUBLIC_KEY" ]; then
  # A variable may have lost the last line's end, or have one too many.
  key="$(printf '%s' "${PUBLIC_KEY//$'\r'/}")"
  printf '%s\n' "$key" > "$work/trusted.pub" || fail "the key cannot be kept"
  arguments+=("--key=$work/trusted.pub")
elif [ -n "$MODEL_DIGEST" ]; then
  arguments+=("--manifest-digest=$MODEL_DIGEST")
else
  fail "nothing is trusted: give public-key or model-digest (is the variable of the repository set?)"
fi
[ -z "$MODEL_NAME" ] || arguments+=("--name=$MODEL_NAME")
[ -z "$MODEL_VERSION" ] || arguments+=("--version=$MODEL_VERSION")
case "$STRICT" in
  true) arguments+=(--strict) ;;
  false) ;;
  *) fail "strict: it is true or false" ;;
esac

report="$work/gate.sarif"
"$sealog" model gate --color=never --format=sarif --report="$report" "${arguments[@]}" \
  > "$work/said" 2>&1
status=$?
case "$status" in
  0 | 1 | 2) ;;
  *) status=2 ;; # it could not be started, or was ended
esac

# Names of a hostile model must not be read as commands of the runner.
token="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
printf '::stop-commands::%s\n' "$token"
cat "$work/said"
printf '::%s::\n' "$token"

{
  printf 'status=%s\n' "$status"
  [ ! -s "$report" ] || printf 'sarif=%s\n' "$report"
} >> "$GITHUB_OUTPUT" || status=2
case "$status" in
  0) verdict=admitted ;;
  1) verdict=refused ;;
  *) verdict=undecided ;;
esac
{
  printf '## Model gate\n\n| verdict | status |\n|---|---|\n| %s | %s |\n\n' "$verdict" "$status"
  # As code: no name is markup.
  sed 's/^/    /' "$work/said"
} >> "$GITHUB_STEP_SUMMARY" || status=2
exit "$status"
