// SPDX-License-Identifier: BSD-2-Clause-Patent
// Commands for images: fetch, select, start, list, free.
#include "script/interpreter.h"
#include "script/script_errors.h"

namespace kedge::script {
namespace {

using Outcome = async::Task<Result<void>>;

// The same options in the same order for everything that may download.
enum FetchOption : std::size_t { kName, kTimeout, kAutofree, kQuiet, kReplace };
constexpr OptionSpec kFetchOptions[] = {
    {'n', "name", OptionKind::text, "call the image this"},
    {'t', "timeout", OptionKind::milliseconds, "give up after this time without progress"},
    {'a', "autofree", OptionKind::flag, "free the image after its use"},
    {'q', "quiet", OptionKind::flag, "show no progress"},
};
constexpr OptionSpec kExecOptions[] = {
    kFetchOptions[kName],
    kFetchOptions[kTimeout],
    kFetchOptions[kAutofree],
    kFetchOptions[kQuiet],
    {'r', "replace", OptionKind::flag, "end this script and run the image in its place"},
};

/// What an image is given from the command that names it. Without words it keeps what it has.
void apply(Invocation& invocation, ImageId image) noexcept {
  Images& images = invocation.environment.images;
  if (invocation.arguments().size() > 1) images.set_arguments(image, invocation.joined(1));
  if (invocation.has(kAutofree)) images.set_free_after_use(image, true);
}

async::Task<Result<ImageId>> download(Invocation& invocation) noexcept {
  const Word& uri = invocation.arguments()[0];
  if (uri.text.empty()) co_return invocation.complain(uri, "the URI expands to nothing");
  FetchRequest request{.uri = uri.text,
                       .name = invocation.text(kName),
                       .timeout = Duration::infinite(),
                       .quiet = invocation.has(kQuiet)};
  const std::optional<Duration> timeout = invocation.duration(kTimeout);
  if (timeout && *timeout > Duration()) request.timeout = *timeout;
  KEDGE_CO_TRY(const ImageId image, co_await invocation.interpreter.interruptible(
                                        invocation.environment.images.fetch(request)));
  apply(invocation, image);
  co_return image;
}

/// The image that the first argument names: one in memory, or else one to download.
async::Task<Result<ImageId>> acquire(Invocation& invocation) noexcept {
  const ImageId known = invocation.environment.images.find(invocation.arguments()[0].text);
  if (known == ImageId::none) co_return co_await download(invocation);
  apply(invocation, known);
  co_return known;
}

Outcome run_fetch(Invocation& invocation) noexcept {
  KEDGE_CO_CHECK(co_await download(invocation));
  co_return {};
}
constexpr CommandSpec kFetch{"download an image and keep it",
                             "<uri> [<arguments>...]",
                             1,
                             kAnyNumber,
                             kFetchOptions,
                             run_fetch};

Outcome run_select(Invocation& invocation) noexcept {
  KEDGE_CO_TRY(const ImageId image, co_await acquire(invocation));
  invocation.environment.images.select(image);
  co_return {};
}
constexpr CommandSpec kSelect{"choose the image that boot starts, downloading it if needed",
                              "<uri|image> [<arguments>...]",
                              1,
                              kAnyNumber,
                              kFetchOptions,
                              run_select};

Outcome run_exec(Invocation& invocation) noexcept {
  ImageId image = invocation.environment.images.selected();
  if (!invocation.arguments().empty()) {
    KEDGE_CO_TRY(image, co_await acquire(invocation));
    invocation.environment.images.select(image);
  }
  if (image == ImageId::none) co_return fail(err::script_nothing_selected);
  if (invocation.has(kAutofree)) {
    invocation.environment.images.set_free_after_use(image, true);
  }
  if (invocation.has(kReplace) && invocation.interpreter.in_script()) {
    invocation.interpreter.replace_by(image);
    co_return {};
  }
  co_return co_await invocation.interpreter.run_image(image);
}
constexpr CommandSpec kExec{"start an image, downloading it if needed",
                            "[<uri|image> [<arguments>...]]",
                            0,
                            kAnyNumber,
                            kExecOptions,
                            run_exec};

Result<ImageId> find_image(Invocation& invocation, const Word& word) noexcept {
  Images& images = invocation.environment.images;
  const ImageId image = images.find(word.text);
  if (image != ImageId::none) return image;
  Suggestion suggestion(word.text);
  // The names must outlive the suggestion.
  std::vector<std::string> names;
  for (const ImageId candidate : images.list()) {
    if (auto info = images.describe(candidate)) names.push_back(std::move(info->name));
  }
  for (const std::string& name : names) suggestion.consider(name);
  return invocation.complain(word, format("no image {}{}", word.text, suggestion.text()),
                             err::script_no_image);
}

Outcome run_args(Invocation& invocation) noexcept {
  KEDGE_CO_TRY(const ImageId image, find_image(invocation, invocation.arguments()[0]));
  invocation.environment.images.set_arguments(image, invocation.joined(1));
  co_return {};
}
constexpr CommandSpec kArgs{
    "set the arguments of an image", "<image> [<arguments>...]", 1, kAnyNumber, {}, run_args};

void print_image(port::Console& console, const ImageInfo& info) noexcept {
  format_to(console, "{}: {} bytes", info.name, info.bytes);
  if (!info.type.empty()) format_to(console, " [{}]", info.type);
  if (info.free_after_use) console.append(" [AUTOFREE]");
  if (info.selected) console.append(" [SELECTED]");
  if (!info.arguments.empty()) format_to(console, " \"{}\"", info.arguments);
  console.append("\n");
}

Outcome run_stat(Invocation& invocation) noexcept {
  Images& images = invocation.environment.images;
  std::vector<ImageId> chosen = images.list();
  if (!invocation.arguments().empty()) {
    KEDGE_CO_TRY(const ImageId image, find_image(invocation, invocation.arguments()[0]));
    chosen = {image};
  }
  for (const ImageId image : chosen) {
    if (const auto info = images.describe(image))
      print_image(invocation.environment.console, *info);
  }
  co_return {};
}
constexpr CommandSpec kStat{"list images", "[<image>]", 0, 1, {}, run_stat};

Outcome run_free(Invocation& invocation) noexcept {
  Images& images = invocation.environment.images;
  if (invocation.arguments().empty()) {
    for (const ImageId image : images.list()) images.free(image);
    co_return {};
  }
  KEDGE_CO_TRY(const ImageId image, find_image(invocation, invocation.arguments()[0]));
  images.free(image);
  co_return {};
}
constexpr CommandSpec kFree{"free an image, or all", "[<image>]", 0, 1, {}, run_free};

constexpr CommandName kCommands[] = {
    {"boot", &kExec},      {"chain", &kExec},   {"imgargs", &kArgs},   {"imgexec", &kExec},
    {"imgfetch", &kFetch}, {"imgfree", &kFree}, {"imgload", &kSelect}, {"imgselect", &kSelect},
    {"imgstat", &kStat},   {"initrd", &kFetch}, {"kernel", &kSelect},  {"module", &kFetch},
};

}  // namespace

CommandTable image_commands() noexcept {
  return kCommands;
}

}  // namespace kedge::script
