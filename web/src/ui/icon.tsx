// SPDX-License-Identifier: Apache-2.0
// Icons of one set (lucide); only those named here reach the bundle.
import { h } from "preact";
import {
  Activity, ArrowRight, BatteryCharging, BatteryFull, BatteryLow, BatteryMedium, BatteryWarning, Binary, Bookmark, Building2, Camera,
  ChartColumn, Check, ChevronDown, ChevronLeft, ChevronRight, Clock, Copy, Crosshair, Download, Ellipsis, Eye, Flag, Hand, Image as ImageIcon,
  Info, Keyboard, KeyRound, Layers, Lock, LockOpen, LogOut, MapPin, Maximize, Menu, Monitor, Moon, OctagonAlert, Package, Pause, Pencil, Play, Plus,
  Radar, RefreshCw, Route, ScrollText, Search, Send, ShieldCheck, ShieldQuestionMark, Shield, Ship, SkipBack, SkipForward, Sun, Thermometer, TrainFront, Trash2,
  ClipboardCheck, Inbox, ListChecks, TriangleAlert, Truck, Undo2, Upload, User, Users, Volume2, VolumeX, Warehouse, Waypoints, WifiOff, X, type IconNode,
} from "lucide";

const icons = {
  activity: Activity, arrow: ArrowRight, "battery-charging": BatteryCharging, "battery-full": BatteryFull, "battery-medium": BatteryMedium,
  "battery-low": BatteryLow, "battery-warning": BatteryWarning, bytes: Binary, bookmark: Bookmark, building: Building2, camera: Camera,
  chart: ChartColumn, check: Check, down: ChevronDown, left: ChevronLeft, right: ChevronRight, clock: Clock, copy: Copy, centre: Crosshair,
  more: Ellipsis, eye: Eye, flag: Flag, hand: Hand, image: ImageIcon, info: Info, keyboard: Keyboard, key: KeyRound, layers: Layers,
  lock: Lock, "lock-open": LockOpen, "sign-out": LogOut, pin: MapPin, fit: Maximize, menu: Menu, monitor: Monitor, moon: Moon,
  grave: OctagonAlert, package: Package, pencil: Pencil, plus: Plus, watch: Radar, refresh: RefreshCw, route: Route, audit: ScrollText,
  search: Search, send: Send, proven: ShieldCheck, unknown: ShieldQuestionMark, claimed: Shield, vessel: Ship, sun: Sun,
  thermometer: Thermometer, rail: TrainFront, trash: Trash2, warning: TriangleAlert, road: Truck, undo: Undo2, upload: Upload, download: Download, user: User, users: Users,
  sound: Volume2, mute: VolumeX, station: Warehouse, checkpoint: ClipboardCheck, inbox: Inbox, rules: ListChecks, play: Play, pause: Pause, "back-event": SkipBack, "next-event": SkipForward, multimodal: Waypoints, offline: WifiOff, close: X,
} satisfies Record<string, IconNode>;

export type IconName = keyof typeof icons;

export function Icon({ name, size = 16, label, class: cls }: { name: IconName; size?: number; label?: string; class?: string }) {
  const nodes = icons[name] as readonly (readonly [string, Record<string, string | number | undefined>])[];
  return (
    <svg class={cls ? `icon ${cls}` : "icon"} width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor"
      stroke-width={size <= 14 ? 2.25 : 1.75} stroke-linecap="round" stroke-linejoin="round" role={label ? "img" : undefined}
      aria-label={label} aria-hidden={label ? undefined : "true"}>
      {nodes.map(([tag, attrs], i) => h(tag, { key: i, ...attrs }))}
    </svg>
  );
}
