// confined LIST PROGRAM ARGS...: runs a program under the system call filter of the unit, as systemd would:
// what the file LIST does not name fails with EPERM, and so does memory that is both written and executed.
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>

namespace {

int fail(const char* what) {
  std::perror(what);
  return 125;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 125;
  std::ifstream list(argv[1]);
  if (!list) return fail(argv[1]);

  scmp_filter_ctx calls = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  scmp_filter_ctx memory = seccomp_init(SCMP_ACT_ALLOW);
  if (calls == nullptr || memory == nullptr) return fail("seccomp_init");
  for (std::string name; list >> name;) {
    // A name of another architecture is no system call here; systemd skips it too.
    const int number = seccomp_syscall_resolve_name(name.c_str());
    if (number != __NR_SCMP_ERROR) seccomp_rule_add(calls, SCMP_ACT_ALLOW, number, 0);
  }
  // systemd.exec(5), MemoryDenyWriteExecute=.
  constexpr scmp_datum_t kBoth = PROT_WRITE | PROT_EXEC;
  seccomp_rule_add(memory, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1,
                   SCMP_A2(SCMP_CMP_MASKED_EQ, kBoth, kBoth));
  seccomp_rule_add(memory, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mprotect), 1,
                   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
  // The stricter one last: it does not allow another to be loaded.
  if (seccomp_load(memory) != 0 || seccomp_load(calls) != 0) return fail("seccomp_load");
  ::execv(argv[2], argv + 2);
  return fail(argv[2]);
}
