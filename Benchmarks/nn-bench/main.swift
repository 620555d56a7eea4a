print("nn-bench")
