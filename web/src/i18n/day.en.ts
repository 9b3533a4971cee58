// SPDX-License-Identifier: Apache-2.0
// A day run again by other rules.
export const day = {
  "day.tab": "Run a day again", "day.about": "Judges everything that the seals said on one day once more, by other figures or a rule of your own, and shows it beside what stood. Nothing is changed, nobody is called.",
  "day.day": "Day", "day.kinds": "Compare", "day.kinds.all": "All alarms of the day", "day.kinds.changed": "Only what is judged otherwise", "day.rule": "With a rule of your own", "day.rule.none": "None",
  "day.figures": "Other figures", "day.figures.none": "The rules as they are now", "day.add": "Add a figure", "day.run": "Run the day", "day.then": "As it was", "day.now": "By these rules",
  "day.missing": "not found", "day.fresh": "did not stand", "day.film": "Film", "day.journeys": "{n} journeys with alarms", "day.journeys.one": "One journey with alarms", "day.more": "{n} more journeys are not shown", "day.ask": "Choose a day and run it.", "day.same": "Nothing on either side.", "day.figure": "Value of {name}",
} as const;
