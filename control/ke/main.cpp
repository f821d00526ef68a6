// pollux-ke: hands its configuration over to the daemon.
#include <utility>

#include "control/config/run_program.h"
#include "control/ke/ke_daemon.h"

int main(int argc, char** argv) {
  namespace control = pollux::control;
  constexpr control::ProgramFacts kFacts{
      .program = control::Program::kPolluxKe,
      .name = "pollux-ke",
      .description = "Pollux key establishment for NTS: gives cookies to NTP clients over TLS"};
  return run_program(argc, argv, kFacts,
                     [](control::Config config, const control::ConfigSources& sources) {
                       pollux::ke::KeDaemon{std::move(config), sources}.run();
                     });
}
