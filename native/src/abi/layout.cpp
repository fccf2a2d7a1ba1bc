// The lists below are kept by hand and compared with the header by a test (native/tests/layout_test.cpp): forgetting a line fails it.
#include "layout.h"

#include "compiled.h"

#include <cstddef>

namespace compiled::abi {

namespace {

void add_struct(std::string& text, const char* name, size_t size) {
    text.append("struct ").append(name).append(" ").append(std::to_string(size)).append("\n");
}

void add_field(std::string& text, const char* name, size_t offset, size_t size) {
    text.append("field ").append(name).append(" ").append(std::to_string(offset)).append(" ").append(std::to_string(size)).append("\n");
}

} // namespace

// clang-format off: one line a member, as in the header.
#define CN_STRUCT(type)                                                                                                                    \
    {                                                                                                                                      \
        using Current = type;                                                                                                              \
        add_struct(text, #type, sizeof(Current));
#define CN_FIELD(field) add_field(text, #field, offsetof(Current, field), sizeof(Current::field));
#define CN_END }
#define CN_FUNCTION(function)                                                                                                              \
    static_cast<void>(&function);                                                                                                          \
    text.append("function " #function "\n");

std::string layout_report() {
    std::string text;
    text.reserve(8192);
    CN_STRUCT(cn_context_desc)
    CN_FIELD(struct_size)
    CN_FIELD(device)
    CN_FIELD(ordinal)
    CN_FIELD(threads)
    CN_FIELD(instruction_set)
    CN_FIELD(reserved)
    CN_END
    CN_STRUCT(cn_context_info)
    CN_FIELD(struct_size)
    CN_FIELD(device)
    CN_FIELD(threads)
    CN_FIELD(instruction_set)
    CN_FIELD(buffer_bytes)
    CN_FIELD(scratch_bytes)
    CN_FIELD(total_bytes)
    CN_FIELD(free_bytes)
    CN_FIELD(records_graphs)
    CN_FIELD(reserved)
    CN_END
    CN_STRUCT(cn_graph_info)
    CN_FIELD(struct_size)
    CN_FIELD(reserved)
    CN_FIELD(nodes)
    CN_FIELD(kernels)
    CN_END
    CN_STRUCT(cn_state)
    CN_FIELD(seed)
    CN_FIELD(step)
    CN_FIELD(updates)
    CN_FIELD(rows)
    CN_FIELD(learning_rate)
    CN_END
    CN_STRUCT(cn_metrics)
    CN_FIELD(loss)
    CN_FIELD(correct)
    CN_FIELD(count)
    CN_END
    CN_STRUCT(cn_cursor)
    CN_FIELD(position)
    CN_END
    CN_STRUCT(cn_window)
    CN_FIELD(height)
    CN_FIELD(width)
    CN_FIELD(stride_height)
    CN_FIELD(stride_width)
    CN_FIELD(dilation_height)
    CN_FIELD(dilation_width)
    CN_FIELD(pad_top)
    CN_FIELD(pad_left)
    CN_END
    CN_STRUCT(cn_gather_desc)
    CN_FIELD(struct_size)
    CN_FIELD(input)
    CN_FIELD(batch)
    CN_FIELD(samples)
    CN_FIELD(input_count)
    CN_FIELD(target_count)
    CN_FIELD(target)
    CN_FIELD(scale)
    CN_END
    CN_STRUCT(cn_activation_desc)
    CN_FIELD(struct_size)
    CN_FIELD(activation)
    CN_FIELD(batch)
    CN_FIELD(count)
    CN_FIELD(input_gradient)
    CN_FIELD(alpha)
    CN_FIELD(upper)
    CN_FIELD(threshold)
    CN_END
    CN_STRUCT(cn_softmax_desc)
    CN_FIELD(struct_size)
    CN_FIELD(input_gradient)
    CN_FIELD(batch)
    CN_FIELD(positions)
    CN_FIELD(classes)
    CN_END
    CN_STRUCT(cn_dropout_desc)
    CN_FIELD(struct_size)
    CN_FIELD(rate)
    CN_FIELD(batch)
    CN_FIELD(count)
    CN_FIELD(stream)
    CN_FIELD(input_gradient)
    CN_FIELD(shared)
    CN_END
    CN_STRUCT(cn_add_desc)
    CN_FIELD(struct_size)
    CN_FIELD(activation)
    CN_FIELD(batch)
    CN_FIELD(count)
    CN_FIELD(inputs)
    CN_FIELD(gradient_0)
    CN_FIELD(gradient_1)
    CN_FIELD(gradient_2)
    CN_FIELD(gradient_3)
    CN_FIELD(reserved)
    CN_END
    CN_STRUCT(cn_concatenate_desc)
    CN_FIELD(struct_size)
    CN_FIELD(inputs)
    CN_FIELD(batch)
    CN_FIELD(outer)
    CN_FIELD(length_0)
    CN_FIELD(length_1)
    CN_FIELD(length_2)
    CN_FIELD(length_3)
    CN_FIELD(gradient_0)
    CN_FIELD(gradient_1)
    CN_FIELD(gradient_2)
    CN_FIELD(gradient_3)
    CN_END
    CN_STRUCT(cn_padding2d_desc)
    CN_FIELD(struct_size)
    CN_FIELD(input_gradient)
    CN_FIELD(batch)
    CN_FIELD(input_height)
    CN_FIELD(input_width)
    CN_FIELD(channels)
    CN_FIELD(output_height)
    CN_FIELD(output_width)
    CN_FIELD(pad_top)
    CN_FIELD(pad_left)
    CN_END
    CN_STRUCT(cn_upsampling2d_desc)
    CN_FIELD(struct_size)
    CN_FIELD(input_gradient)
    CN_FIELD(batch)
    CN_FIELD(input_height)
    CN_FIELD(input_width)
    CN_FIELD(channels)
    CN_FIELD(factor_height)
    CN_FIELD(factor_width)
    CN_FIELD(interpolation)
    CN_FIELD(reserved)
    CN_END
    CN_STRUCT(cn_max_pooling2d_desc)
    CN_FIELD(struct_size)
    CN_FIELD(input_gradient)
    CN_FIELD(batch)
    CN_FIELD(input_height)
    CN_FIELD(input_width)
    CN_FIELD(channels)
    CN_FIELD(output_height)
    CN_FIELD(output_width)
    CN_FIELD(window)
    CN_END
    CN_STRUCT(cn_conv2d_desc)
    CN_FIELD(struct_size)
    CN_FIELD(input_gradient)
    CN_FIELD(batch)
    CN_FIELD(input_height)
    CN_FIELD(input_width)
    CN_FIELD(input_channels)
    CN_FIELD(filters)
    CN_FIELD(conv_height)
    CN_FIELD(conv_width)
    CN_FIELD(output_height)
    CN_FIELD(output_width)
    CN_FIELD(window)
    CN_FIELD(pool)
    CN_FIELD(activation)
    CN_FIELD(use_bias)
    CN_FIELD(dropout_rate)
    CN_FIELD(dropout_stream)
    CN_FIELD(precision)
    CN_FIELD(activation_alpha)
    CN_END
    CN_STRUCT(cn_dense_desc)
    CN_FIELD(struct_size)
    CN_FIELD(input_gradient)
    CN_FIELD(batch)
    CN_FIELD(positions)
    CN_FIELD(inputs)
    CN_FIELD(units)
    CN_FIELD(activation)
    CN_FIELD(use_bias)
    CN_FIELD(dropout_rate)
    CN_FIELD(dropout_stream)
    CN_FIELD(precision)
    CN_FIELD(activation_alpha)
    CN_END
    CN_STRUCT(cn_loss_desc)
    CN_FIELD(struct_size)
    CN_FIELD(loss)
    CN_FIELD(batch)
    CN_FIELD(positions)
    CN_FIELD(classes)
    CN_FIELD(from_logits)
    CN_FIELD(accuracy)
    CN_END
    CN_STRUCT(cn_optimizer_desc)
    CN_FIELD(struct_size)
    CN_FIELD(optimizer)
    CN_FIELD(count)
    CN_FIELD(momentum)
    CN_FIELD(beta_1)
    CN_FIELD(beta_2)
    CN_FIELD(epsilon)
    CN_FIELD(nesterov)
    CN_FIELD(reserved)
    CN_END

    CN_FUNCTION(cn_last_error)
    CN_FUNCTION(cn_abi_version)
    CN_FUNCTION(cn_layout_report)
    CN_FUNCTION(cn_context_create)
    CN_FUNCTION(cn_context_get_info)
    CN_FUNCTION(cn_context_describe)
    CN_FUNCTION(cn_context_synchronize)
    CN_FUNCTION(cn_context_destroy)
    CN_FUNCTION(cn_buffer_create)
    CN_FUNCTION(cn_buffer_address)
    CN_FUNCTION(cn_buffer_write)
    CN_FUNCTION(cn_buffer_read)
    CN_FUNCTION(cn_buffer_clear)
    CN_FUNCTION(cn_buffer_destroy)
    CN_FUNCTION(cn_feed_create)
    CN_FUNCTION(cn_feed_next)
    CN_FUNCTION(cn_feed_send)
    CN_FUNCTION(cn_feed_destroy)
    CN_FUNCTION(cn_graph_begin)
    CN_FUNCTION(cn_graph_end)
    CN_FUNCTION(cn_graph_get_info)
    CN_FUNCTION(cn_graph_launch)
    CN_FUNCTION(cn_graph_destroy)
    CN_FUNCTION(cn_op_destroy)
    CN_FUNCTION(cn_gather_create)
    CN_FUNCTION(cn_gather_forward)
    CN_FUNCTION(cn_activation_create)
    CN_FUNCTION(cn_activation_forward)
    CN_FUNCTION(cn_activation_backward)
    CN_FUNCTION(cn_softmax_create)
    CN_FUNCTION(cn_softmax_forward)
    CN_FUNCTION(cn_softmax_backward)
    CN_FUNCTION(cn_dropout_create)
    CN_FUNCTION(cn_dropout_forward)
    CN_FUNCTION(cn_dropout_backward)
    CN_FUNCTION(cn_add_create)
    CN_FUNCTION(cn_add_forward)
    CN_FUNCTION(cn_add_backward)
    CN_FUNCTION(cn_concatenate_create)
    CN_FUNCTION(cn_concatenate_forward)
    CN_FUNCTION(cn_concatenate_backward)
    CN_FUNCTION(cn_padding2d_create)
    CN_FUNCTION(cn_padding2d_forward)
    CN_FUNCTION(cn_padding2d_backward)
    CN_FUNCTION(cn_upsampling2d_create)
    CN_FUNCTION(cn_upsampling2d_forward)
    CN_FUNCTION(cn_upsampling2d_backward)
    CN_FUNCTION(cn_max_pooling2d_create)
    CN_FUNCTION(cn_max_pooling2d_forward)
    CN_FUNCTION(cn_max_pooling2d_backward)
    CN_FUNCTION(cn_conv2d_create)
    CN_FUNCTION(cn_conv2d_forward)
    CN_FUNCTION(cn_conv2d_predict)
    CN_FUNCTION(cn_conv2d_backward)
    CN_FUNCTION(cn_dense_create)
    CN_FUNCTION(cn_dense_forward)
    CN_FUNCTION(cn_dense_predict)
    CN_FUNCTION(cn_dense_backward)
    CN_FUNCTION(cn_loss_create)
    CN_FUNCTION(cn_loss_forward)
    CN_FUNCTION(cn_optimizer_create)
    CN_FUNCTION(cn_optimizer_step)
    CN_FUNCTION(cn_philox)
    return text;
}
// clang-format on

} // namespace compiled::abi
