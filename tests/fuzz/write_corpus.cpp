// write_corpus FOLDER: writes the inputs that a harness starts from, one file each.
#include <cstdio>
#include <fstream>
#include <string>

#include "tests/fuzz/harness.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: write_corpus FOLDER\n", stderr);
    return 2;
  }
  for (const auto& [name, octets] : pollux::test::corpus_inputs()) {
    std::ofstream file{std::string{argv[1]} + "/" + name, std::ios::binary};
    file.write(reinterpret_cast<const char*>(octets.data()),
               static_cast<std::streamsize>(octets.size()));
    if (!file) {
      std::fprintf(stderr, "write_corpus: cannot write %s/%s\n", argv[1], name.c_str());
      return 1;
    }
  }
  return 0;
}
