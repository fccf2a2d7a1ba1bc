// launch(kernel, grid, block, shared_bytes, stream, arguments...) instead of kernel<<<grid, block, shared_bytes, stream>>>(arguments...).
// Returns what is wrong with the launch itself; what goes wrong in the kernel, later calls return.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

namespace compiled::cuda {

#if defined(__CUDACC__)
using Grid = dim3;
#else
// Knows where the launch stands, for reports.
struct Grid {
    dim3 size;
    sim::Site site;

    Grid(dim3 blocks, sim::Site launch_site = sim::Site::here()) : size(blocks), site(launch_site) {}
    Grid(unsigned blocks, sim::Site launch_site = sim::Site::here()) : size(blocks), site(launch_site) {}
};
#endif

template <class... Parameters, class... Arguments>
cudaError_t launch(void (*kernel)(Parameters...), Grid grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
                   Arguments&&... arguments) {
    static_assert(((std::is_trivially_copyable_v<Parameters> && !std::is_reference_v<Parameters>)&&...),
                  "what a kernel is given is copied, byte for byte");
    std::tuple<std::remove_cv_t<Parameters>...> values(std::forward<Arguments>(arguments)...);
#if defined(__CUDACC__)
    return std::apply(
        [&](auto&... value) {
            void* pointers[] = {&value..., nullptr};
            return cudaLaunchKernel(reinterpret_cast<const void*>(kernel), grid, block, pointers, shared_bytes, stream);
        },
        values);
#else
    auto body = [kernel, values] { std::apply(kernel, values); };
    return sim::launch({reinterpret_cast<const void*>(kernel), grid.site, grid.size, block, shared_bytes, body}, stream);
#endif
}

} // namespace compiled::cuda
