module sigill/tools/classbench

go 1.26.0

require sigill v0.0.0

replace sigill => ../..
