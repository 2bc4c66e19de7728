# Sums up the event streams of `swift test` in $events: what was skipped, the slowest suites, the time of each test
# target, what failed and how, and 'N passed, N failed' as the last line. A test that began and did not end has failed:
# its process died.
def seconds: . * 10 | round / 10;
def top: split("/")[0];
def target: split("/")[0] | split(".")[0];
def said: [.messages[].text | gsub("\\s+"; " ")] | join(" ") | if length > 600 then .[:600] + "…" else . end;

($events | map(select(.kind == "test").payload) | INDEX(.id)) as $tests
| ($events | map(select(.kind == "event").payload)) as $all
| [$all[] | select(.kind == "testStarted")] as $started
| ($all | map(select(.kind == "testEnded")) | INDEX(.testID)) as $ended
| ($all | map(select(.kind == "issueRecorded" and .issue.isFailure and .testID != null)) | group_by(.testID)
    | INDEX(.[0].testID)) as $issues
| [$all[] | select(.kind == "issueRecorded" and .issue.isFailure and .testID == null)] as $loose
| [$all[] | select(.kind == "testSkipped" or .kind == "testCancelled")] as $skipped
| ($skipped | INDEX(.testID)) as $isSkipped
| [ $started[] | . as $start | .testID as $id | $tests[$id] as $test | $ended[$id] as $ending
    | { id: $id, name: ($test.displayName // $test.name), kind: $test.kind,
        seconds: (if $ending then $ending.instant.absolute - $start.instant.absolute else 0 end),
        failed: ($issues[$id] != null or $ending == null) } ] as $runs
| [$runs[] | select(.kind == "function" and $isSkipped[.id] == null)] as $functions
| (if $skipped | length > 0 then
    "Skipped", ($skipped[] | select($tests[.testID].kind == "function" or $tests[.testID] == null)
        | "  \(.testID | target): \(.messages | map(.text) | join(" "))"), ""
   else empty end),
  "Suites, by their time (they run side by side)",
  ([$runs[] | select(.kind == "suite")] | sort_by(-.seconds)[] | "  \(.seconds | seconds) s  \(.id | target): \(.name)"),
  "",
  "Test targets, by the time of their tests added up",
  ($functions | group_by(.id | target) | map({target: (.[0].id | target), seconds: (map(.seconds) | add),
        count: length, failed: (map(select(.failed)) | length)}) | sort_by(-.seconds)[]
    | "  \(.seconds | seconds) s  \(.target): \(.count - .failed) passed, \(.failed) failed"),
  "",
  (if any($functions[]; .failed) or ($loose | length > 0) then
    "Failed", ($functions[] | select(.failed) | "  \(.id)\(if $ended[.id] then "" else " (did not end)" end)",
      ($issues[.id][:5] // [] | .[] | "    \(.issue.sourceLocation | "\(.fileName // .fileID // "?"):\(.line // "?")"): \(said)")),
    ($loose[] | "  \(said)"), ""
   else empty end),
  "\([$functions[] | select(.failed | not)] | length) passed, \(([$functions[] | select(.failed)] | length) + ($loose | length)) failed"
