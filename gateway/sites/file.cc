#include "gateway/sites/file.h"

#include <unistd.h>

namespace tidegate::sites {

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace tidegate::sites
