# Debian's cpp-httplib has headers, a library and a pkg-config module, but no CMake package: whoever builds by hand writes this.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(cpp_httplib REQUIRED IMPORTED_TARGET cpp-httplib)
if(NOT TARGET httplib::httplib)
  add_library(httplib::httplib INTERFACE IMPORTED)
  target_link_libraries(httplib::httplib INTERFACE PkgConfig::cpp_httplib Threads::Threads)
endif()
