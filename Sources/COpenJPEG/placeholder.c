typedef int COpenJPEG_placeholder;
