#!/usr/bin/env bash
# The pictures of the guide (docs/*.png), made anew by the browser tests, which look at every step:
#     scripts/pictures.sh BUILD_DIRECTORY [FOLDER]
# FOLDER keeps every picture, DAY by DAY; pictures that are there already are taken as they are. BULLA_SHOTS_ALL=1 makes each in the other
# theme and on a phone too. Needs node, Chromium and ImageMagick's `convert`.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=${1:?BUILD_DIRECTORY}
folder=${2:-$(mktemp -d)}
for day in web_day web_customs web_around; do
    [ -d "$folder/$day" ] || BULLA_SHOTS="$folder/$day" node "$root/tests/e2e/$day.mjs" "$build/bulla" "$build"
done

take() { # PICTURE NAME: few colours are enough, and a third of the bytes
    convert "$folder/$1.png" -strip -colors 255 "PNG8:$root/docs/$2.png"
}
take web_day/1b-alarm watch
take web_customs/2-write-seal checkpoint
take web_customs/12-compare checkpoint-dark
take web_customs/13-decided decided
take web_customs/9-report report
take web_around/2-on-the-way journey
take web_around/6-approve emergency
take web_around/8-trader trader
take web_around/12-backtest risk
convert "$folder/web_customs/6-phone-task.png" "$folder/web_customs/7-phone-report.png" -bordercolor white -border 10x0 +append -strip -colors 255 "PNG8:$root/docs/patrol.png"
