// SPDX-License-Identifier: BSD-2-Clause-Patent
// Whole scripts in a fake world. They end by themselves, or are cancelled after some simulated time
// or some turns of the loop; nothing may be left behind.
#include "tests/fake/script_world.h"

namespace {

using namespace kedge;
using namespace kedge::script;

/// Cancels a scope after a number of turns: scripts may loop without any time passing.
class TurnLimit final : public async::Poller {
 public:
  TurnLimit(async::CancelScope& scope, int turns) : scope_(scope), turns_(turns) {}
  bool poll() noexcept override {
    if (--turns_ == 0) scope_.cancel();
    return false;
  }

 private:
  async::CancelScope& scope_;
  int turns_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kTurnsMax = 400;
  const std::string script(reinterpret_cast<const char*>(data), size);
  FakeWorld world;
  TurnLimit limit(world.sim.scope, kTurnsMax);
  world.sim.loop.add_poller(limit);
  world.at(Duration::seconds(3600), [&] { world.sim.scope.cancel(); });
  world.at(Duration::seconds(2), [&] { world.input.type("echo x\rexit\r"); });
  world.at(Duration::seconds(60), [&] { world.input.type("q\x03"); });
  world.images.server["http://server/a"].content =
      "#!ipxe\necho a ${cwuri}\nchain b && goto x ||\n";
  world.images.server["http://server/b"].content = script;
  world.images.server["http://server/linux"].content = "ELF";
  (void)world.run("#!ipxe\n" + script);
  world.events.clear();
  KEDGE_ASSERT(world.sim.loop.armed_timers() == 0);
  KEDGE_ASSERT(world.images.working_uri().empty());
  for (const FakeImages::Image& image : world.images.images) KEDGE_ASSERT(image.holds == 0);
  return 0;
}
