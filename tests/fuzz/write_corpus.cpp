// write_corpus FOLDER: writes the seeds as inputs of frame_to_reply, one file each.
#include <cstdio>
#include <fstream>
#include <string>

#include "tests/fuzz/frame_to_reply.h"
#include "tests/fuzz/seeds.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_corpus FOLDER\n", stderr);
    return 2;
  }
  for (const auto& seed : pollux::test::seeds()) {
    const auto input = pollux::test::make_input({}, seed.frame);
    std::ofstream file{std::string{argv[1]} + "/" + seed.name, std::ios::binary};
    file.write(reinterpret_cast<const char*>(input.data()),
               static_cast<std::streamsize>(input.size()));
    if (!file) {
      std::fprintf(stderr, "write_corpus: cannot write %s/%s\n", argv[1], seed.name.c_str());
      return 1;
    }
  }
  return 0;
}
