# shellcheck shell=bash disable=SC2154  # the parts share variables
# The agent's size, and how long it takes from its start to its end on an empty control channel.

part_agent() {
    local run
    note agent-size "$(stat -c %s "$bin/kvm-clone-agent")"
    for ((run = 0; run < runs * 3; run++)); do timed agent-start "$bin/kvm-clone-agent" serve --state "$work/agent-state" </dev/null; done
    rm -rf "$work/agent-state"
}
