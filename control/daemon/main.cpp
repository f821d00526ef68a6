// polluxd: hands its configuration over to the daemon.
#include <utility>

#include "control/config/run_program.h"
#include "control/daemon/daemon.h"

int main(int argc, char** argv) {
  namespace control = pollux::control;
  constexpr control::ProgramFacts kFacts{
      .program = control::Program::kPolluxd,
      .name = "polluxd",
      .description = "Pollux NTP responder: answers NTP on poll-mode cores"};
  return run_program(argc, argv, kFacts,
                     [](control::Config config, const control::ConfigSources& sources) {
                       control::Daemon{std::move(config), sources}.run();
                     });
}
