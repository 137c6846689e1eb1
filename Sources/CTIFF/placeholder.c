typedef int CTIFF_placeholder;
