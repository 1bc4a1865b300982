#pragma once

namespace tidegate {

/// Opens /dev/null in place of stdin, stdout and stderr where the process was started without them, so that
/// no socket becomes the one that a log is written to. The first act of main().
void keep_standard_descriptors();

}  // namespace tidegate
