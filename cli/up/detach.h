// `shoal up -d`: a mesh that goes on when the terminal is closed. Lives on the main thread, before any other is
// started.
#pragma once

#include <functional>
#include <string>

namespace shoal::cli {

// Runs `run` in a process of its own, in a session of its own, with its output in the file `log`, and shows that output
// here until run calls what it is given, which says that the mesh is up: then `started` is called here with the number
// of the process, which goes on alone. Returns the exit code: 0 then, that of the process if it ends before. Ctrl-C
// before ends it.
//
// The mesh's processes are children of the new process and die with it, as they do with a `shoal up` that is not
// detached: PR_SET_PDEATHSIG is about the process that forked them, and is not inherited from this one.
int run_detached(const std::string& log, const std::function<int(const std::function<void()>& is_up)>& run,
                 const std::function<void(int pid)>& started);

}  // namespace shoal::cli
