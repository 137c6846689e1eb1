typedef int CPNG_placeholder;
