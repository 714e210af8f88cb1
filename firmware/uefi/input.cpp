// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/input.h"

#include "uefi/protocol.h"

namespace kedge::uefi {
namespace {

using port::Key;

// A look at the keyboard costs several I/O accesses (ConSplitter asks every device), and nobody
// types faster.
constexpr Duration kLookEvery = Duration::milliseconds(15);

char32_t named_key(std::uint16_t scan_code) noexcept {
  if (scan_code >= SCAN_F1 && scan_code <= SCAN_F10) {
    return Key::kFunction1 + (scan_code - SCAN_F1);
  }
  switch (scan_code) {
    case SCAN_UP:
      return Key::kUp;
    case SCAN_DOWN:
      return Key::kDown;
    case SCAN_RIGHT:
      return Key::kRight;
    case SCAN_LEFT:
      return Key::kLeft;
    case SCAN_HOME:
      return Key::kHome;
    case SCAN_END:
      return Key::kEnd;
    case SCAN_DELETE:
      return Key::kDelete;
    case SCAN_PAGE_UP:
      return Key::kPageUp;
    case SCAN_PAGE_DOWN:
      return Key::kPageDown;
    case SCAN_F11:
      return Key::kFunction1 + 10;
    case SCAN_F12:
      return Key::kFunction1 + 11;
    case SCAN_ESC:
      return Key::kEscape;
    default:
      return 0;
  }
}

}  // namespace

std::optional<Key> translate_key(std::uint16_t scan_code, char16_t unit,
                                 std::uint32_t shift_state) noexcept {
  if (unit == 0) {
    const char32_t code = named_key(scan_code);
    return code == 0 ? std::nullopt : std::optional(Key{code});
  }
  // Halves of surrogate pairs do not come from keyboards.
  if (unit >= 0xd800 && unit < 0xe000) return std::nullopt;
  char32_t code = unit;
  // A serial console sends Ctrl-C as 3; keyboard drivers send 'c' with the state of the Ctrl keys.
  const bool control = (shift_state & EFI_SHIFT_STATE_VALID) != 0 &&
                       (shift_state & (EFI_LEFT_CONTROL_PRESSED | EFI_RIGHT_CONTROL_PRESSED)) != 0;
  if (control && code >= U'@' && code <= U'~') code &= 0x1f;
  if (code == U'\n') code = Key::kEnter;
  if (code == 0x7f) code = Key::kBackspace;
  return Key{code};
}

Keyboard::Keyboard(const Firmware& firmware, async::Loop& loop) noexcept
    : firmware_(firmware), loop_(loop) {
  loop_.add_poller(*this);
}

bool Keyboard::poll() noexcept {
  if (paused_) return false;
  const Instant now = loop_.now();
  if (now < next_look_) return false;
  next_look_ = now + kLookEvery;
  return read_hardware();
}

bool Keyboard::read_hardware() noexcept {
  std::uint16_t scan_code = 0;
  char16_t unit = 0;
  std::uint32_t shift_state = 0;
  const EFI_SYSTEM_TABLE& table = firmware_.table();
  auto* extended =
      peek<EFI_SIMPLE_TEXT_INPUT_EX_PROTOCOL>(firmware_, Handle(table.ConsoleInHandle));
  if (extended != nullptr) {
    EFI_KEY_DATA data{};
    if (EFI_ERROR(extended->ReadKeyStrokeEx(extended, &data))) return false;
    scan_code = data.Key.ScanCode;
    unit = static_cast<char16_t>(data.Key.UnicodeChar);
    shift_state = data.KeyState.KeyShiftState;
  } else {
    EFI_INPUT_KEY data{};
    if (table.ConIn == nullptr) return false;
    if (EFI_ERROR(table.ConIn->ReadKeyStroke(table.ConIn, &data))) return false;
    scan_code = data.ScanCode;
    unit = static_cast<char16_t>(data.UnicodeChar);
  }
  next_look_ = Instant();  // pasted text and escape sequences come as bursts
  const std::optional<Key> key = translate_key(scan_code, unit, shift_state);
  if (!key.has_value()) return true;
  // When nobody reads, the newest keys are the ones to lose.
  if (count_ == kQueueMax) return true;
  queue_[(head_ + count_++) % kQueueMax] = *key;
  arrived_.notify_all();
  return true;
}

std::optional<Key> Keyboard::poll_key() noexcept {
  if (count_ == 0) (void)poll();
  if (count_ == 0) return std::nullopt;
  const Key key = queue_[head_];
  head_ = (head_ + 1) % kQueueMax;
  --count_;
  return key;
}

async::Task<Result<Key>> Keyboard::read_key(Instant deadline) noexcept {
  for (;;) {
    if (const std::optional<Key> key = poll_key(); key.has_value()) co_return *key;
    KEDGE_CO_CHECK(co_await arrived_.wait_until(deadline));
  }
}

void Keyboard::drain() noexcept {
  constexpr int kKeysMax = 256;
  for (int i = 0; i < kKeysMax && read_hardware(); ++i) {
  }
  head_ = count_ = 0;
}

}  // namespace kedge::uefi
