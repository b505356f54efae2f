#!/bin/sh
# Has BIRD announce the service address while bal is ready, and withdraw it when it is not. It takes two
# answers in a row, so that a `bal upgrade`, during which /readyz moves to the new process, changes nothing.
# Runs for ever, as a user who may write to BIRD's socket (Debian: the group bird); bal-announce.service is
# its unit. Needs curl.
set -u

readyz=${READYZ:-http://127.0.0.1:9296/readyz}
socket=${BIRD_SOCKET:-/run/bird/bird.ctl}
protocol=${BIRD_PROTOCOL:-bal}
interval=${INTERVAL:-1}
needed=${NEEDED:-2}

# tell enable|disable: each time, and not only at a change, since BIRD may have been started anew. What it
# answers is said once.
said=
tell() {
  answer=$(birdc -s "$socket" "$1" "$protocol" 2>&1 | sed -e '$!d' -e 's/already //')
  [ "$answer" = "$said" ] || echo "$answer"
  said=$answer
}

# Nobody watches from here on.
trap 'tell disable; exit 0' INT TERM

good=0
bad=0
while :; do
  if curl -fs -o /dev/null --max-time 1 "$readyz"; then
    good=$((good + 1)) bad=0
  else
    bad=$((bad + 1)) good=0
  fi
  if [ "$good" -ge "$needed" ]; then tell enable; fi
  if [ "$bad" -ge "$needed" ]; then tell disable; fi
  # In the background: a signal is heard at once.
  sleep "$interval" &
  wait $!
done
