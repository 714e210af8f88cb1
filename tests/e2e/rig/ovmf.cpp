// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "tests/e2e/rig/ovmf.h"

#include <fmt/format.h>

#include "support/process.h"

namespace kedge::host::e2e {
namespace {

// As the package's description tells it.
constexpr std::string_view kPassphrase = "pass:snakeoil";

std::string_view variables_file(EnrolledKeys keys) {
  switch (keys) {
    case EnrolledKeys::none:
      return "OVMF_VARS_4M.fd";
    case EnrolledKeys::microsoft:
      return "OVMF_VARS_4M.ms.fd";
    case EnrolledKeys::snakeoil:
      return "OVMF_VARS_4M.snakeoil.fd";
  }
  return {};
}

Outcome<void> run(std::vector<std::string> arguments) {
  KEDGE_HOST_TRY([[maybe_unused]] const auto output, run_tool({.arguments = std::move(arguments)}));
  return {};
}

}  // namespace

Outcome<void> use_ovmf(MachineSpec& machine, OvmfBuild build, EnrolledKeys keys) {
  const auto folder = machine.firmware_code.parent_path();
  machine.firmware_code =
      folder / (build == OvmfBuild::strict_nx ? "OVMF_CODE_4M.secboot.strictnx.fd"
                                              : "OVMF_CODE_4M.secboot.fd");
  machine.secure_boot = true;
  std::error_code error;
  if (!std::filesystem::exists(machine.firmware_code, error)) {
    return failure(fmt::format("{} is missing", machine.firmware_code.string()), "run tools/deps");
  }
  const auto variables = folder / variables_file(keys);
  std::filesystem::copy_file(variables, machine.firmware_vars,
                             std::filesystem::copy_options::overwrite_existing, error);
  if (!error) return {};
  return failure(fmt::format("cannot copy {}: {}", variables.string(), error.message()));
}

Outcome<SnakeoilSigner> SnakeoilSigner::make(const MachineSpec& machine,
                                             const std::filesystem::path& directory) {
  // Beside .../share/OVMF, in small letters.
  const auto files = machine.firmware_code.parent_path().parent_path() / "ovmf";
  const auto key = directory / "snakeoil.key";
  KEDGE_HOST_CHECK(run({"openssl", "rsa", "-passin", std::string(kPassphrase), "-in",
                        files / "PkKek-1-snakeoil.key", "-out", key}));
  return SnakeoilSigner(key, files / "PkKek-1-snakeoil.pem");
}

Outcome<void> SnakeoilSigner::sign(const std::filesystem::path& image) const {
  KEDGE_HOST_CHECK(remove_signatures(image));
  return run({"sbsign", "--key", key_, "--cert", certificate_, "--output", image, image});
}

Outcome<void> remove_signatures(const std::filesystem::path& image) {
  // sbattach takes one off at a time.
  constexpr int kSignaturesMax = 4;
  for (int i = 0; i < kSignaturesMax; ++i) {
    KEDGE_HOST_TRY(const auto listed, run_tool({.arguments = {"sbverify", "--list", image}}));
    if (listed.find("No signature table") != std::string::npos) return {};
    KEDGE_HOST_CHECK(run({"sbattach", "--remove", image}));
  }
  return failure(fmt::format("{} has too many signatures", image.string()));
}

}  // namespace kedge::host::e2e
