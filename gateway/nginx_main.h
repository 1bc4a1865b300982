#pragma once

namespace tidegate {

/// The program under the name of `nginx`: its flags, its words, its exit codes, its process.
int nginx_main(int argc, char** argv);

}  // namespace tidegate
