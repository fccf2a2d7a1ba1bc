#include "op_table.h"

#include "ops.h"

namespace compiled::cpu::CN_ISA {

const OpTable& op_table() noexcept {
    // clang-format off: one a line, as in the header.
    static constexpr OpTable Table = {
        make_gather,
        make_activation,
        make_softmax,
        make_glu,
        make_dropout,
        make_add,
        make_concatenate,
        make_padding2d,
        make_upsampling2d,
        make_gaussian_noise,
        make_max_pooling2d,
        make_average_pooling2d,
        make_global_pooling2d,
        make_batch_normalization,
        make_normalization_fold,
        make_layer_normalization,
        make_conv2d,
        make_joined_conv2d,
        make_conv2d_transpose,
        make_dense,
        make_loss,
        make_metric,
        make_regularizer,
        make_activity_regularization,
        make_constraint,
        make_optimizer,
    };
    // clang-format on
    return Table;
}

} // namespace compiled::cpu::CN_ISA
